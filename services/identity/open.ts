import { createClient, type Transport } from "@connectrpc/connect";
import { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { IngestionService } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { HostedService } from "../runtime/hosted-service.ts";
import type { Logger } from "../runtime/log.ts";
import { bytesToRemember, type Database, versionedDocuments } from "../storage/open-database.ts";
import { prepareStore } from "../storage/store-schema.ts";
import { runMaintenance } from "./maintenance.ts";
import { createIdentityServices } from "./service.ts";
import { type IdentityStore, identityKinds, openIdentityStore } from "./store.ts";

export interface IdentityOptions {
  readonly database: Database;
  /** Ways to the services that operators' calls about users go on to. */
  readonly transports: { readonly device: Transport; readonly ingestion: Transport };
  readonly clock: Clock;
  readonly log: Logger;
  /** At least 0 and less than 1, as `Math.random`. */
  readonly random: () => number;
}

/** The identity service on its database. */
export interface Identity {
  readonly services: HostedService[];
  readonly store: IdentityStore;
  /** Work that goes on beside the requests until the signal aborts. */
  maintain(signal: AbortSignal): Promise<void>;
}

/** Opens the identity service on its database. */
export async function openIdentity({ database, transports, clock, log, random }: IdentityOptions): Promise<Identity> {
  await prepareStore(database, { service: "identity", kinds: identityKinds, clock, log });
  const store = await openIdentityStore((kind) => versionedDocuments(database, kind, clock));
  return {
    services: createIdentityServices({
      store,
      recentBytes: bytesToRemember(database),
      clock,
      random,
      log,
      devices: createClient(DeviceService, transports.device),
      deviceRegistry: createClient(DeviceRegistryService, transports.device),
      events: createClient(EventService, transports.ingestion),
      ingestion: createClient(IngestionService, transports.ingestion),
    }),
    store,
    maintain: (signal) => runMaintenance({ store, clock, log }, signal),
  };
}
