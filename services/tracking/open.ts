import { createClient, type Transport } from "@connectrpc/connect";
import { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { IngestionService } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { parseAppKey } from "../runtime/app-key.ts";
import type { Clock } from "../runtime/clock.ts";
import type { HostedService } from "../runtime/hosted-service.ts";
import type { Logger } from "../runtime/log.ts";
import type { Database } from "../storage/open-database.ts";
import { prepareStore } from "../storage/store-schema.ts";
import type { TrackingContext } from "./context.ts";
import { createMaintenance } from "./maintenance.ts";
import { createTrackingServices } from "./service.ts";
import { sqlitePushStore } from "./sqlite-store.ts";
import type { PushStore } from "./store.ts";

export interface TrackingOptions {
  readonly database: Database;
  /** Ways to the services that are told of pushes to anonymous owners and of refused tokens. */
  readonly transports: { readonly device: Transport; readonly ingestion: Transport };
  readonly clock: Clock;
  readonly log: Logger;
  /** At least 0 and less than 1, as `Math.random`. */
  readonly random: () => number;
}

/** The tracking service on its database. */
export interface Tracking {
  readonly services: HostedService[];
  /** Work that goes on beside the requests until the signal aborts. */
  maintain(signal: AbortSignal): Promise<void>;
  /** Does once what of that is due; true if there may be more. */
  sweep(): Promise<boolean>;
}

/** Opens the tracking service on its database. */
export async function openTracking({ database, transports, clock, log, random }: TrackingOptions): Promise<Tracking> {
  await prepareStore(database, { service: "tracking", kinds: [], clock, log });
  const pushes = await pushStore(database, clock);
  const ingestion = createClient(IngestionService, transports.ingestion);
  const devices = createClient(DeviceRegistryService, transports.device);
  const context: TrackingContext = {
    pushes,
    clock,
    random,
    log,
    async attributePushes(app, unattributed) {
      const messages = unattributed.map(({ trackingToken, ownerToken, deviceKey, sentMs }) => ({
        trackingToken,
        deviceToken: ownerToken,
        deviceKey,
        sentTimeMs: sentMs,
      }));
      await ingestion.attributePushes({ ...parseAppKey(app), pushes: messages });
    },
    async reportInvalidTokens(app, tokens) {
      const messages = tokens.map(({ deviceToken, receivedMs }) => ({ deviceToken, receivedTimeMs: receivedMs }));
      await devices.reportInvalidTokens({ ...parseAppKey(app), tokens: messages });
    },
  };
  const { run, sweep } = createMaintenance(context);
  return { services: createTrackingServices(context), maintain: run, sweep };
}

/** MongoDB's is loaded only where it is used, see open-database.ts. */
async function pushStore(database: Database, clock: Clock): Promise<PushStore> {
  if (database.engine === "sqlite") return sqlitePushStore(database.sqlite, clock);
  const { mongodbPushStore } = await import("./mongodb-store.ts");
  return mongodbPushStore(database.mongodb, clock);
}
