import { createClient, type Transport } from "@connectrpc/connect";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { HostedService } from "../runtime/hosted-service.ts";
import type { Logger } from "../runtime/log.ts";
import { bytesToRemember, type Database, versionedDocuments } from "../storage/open-database.ts";
import { prepareStore } from "../storage/store-schema.ts";
import { createDeviceServices } from "./service.ts";
import { deviceDocuments } from "./store.ts";

export interface DeviceOptions {
  readonly database: Database;
  /** Way to the service that operators' questions about users go on to. */
  readonly transports: { readonly ingestion: Transport };
  readonly clock: Clock;
  readonly log: Logger;
  /** At least 0 and less than 1, as `Math.random`. */
  readonly random: () => number;
}

/** The device service on its database. */
export async function openDevice({
  database,
  transports,
  clock,
  log,
  random,
}: DeviceOptions): Promise<HostedService[]> {
  await prepareStore(database, { service: "device", kinds: [deviceDocuments], clock, log });
  const store = await versionedDocuments(database, deviceDocuments, clock);
  const recentBytes = bytesToRemember(database);
  const events = createClient(EventService, transports.ingestion);
  return createDeviceServices({ store, recentBytes, clock, random, events });
}
