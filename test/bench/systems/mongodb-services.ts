import { createClient, type Transport } from "@connectrpc/connect";
import {
  type IncomingEvent,
  IngestionService,
  EventVerdict_Outcome as Outcome,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { openDevice } from "../../../services/device/open.ts";
import { openIdentity } from "../../../services/identity/open.ts";
import { openIngestion } from "../../../services/ingestion/open.ts";
import { systemClock as clock } from "../../../services/runtime/clock.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import type { MongodbDatabase } from "../../../services/storage/mongodb-database.ts";
import { openTracking } from "../../../services/tracking/open.ts";

/** The four services in this process, without a gateway and without what runs beside requests. */
export interface MongodbServices {
  /** Resolves when the events are stored and their effects applied; throws where they are not. */
  ingest(events: IncomingEvent[]): Promise<void>;
  close(): Promise<void>;
}

export async function openMongodbServices(mongodb: MongodbDatabase): Promise<MongodbServices> {
  let hosted: Transport;
  const transport: Transport = {
    unary: (...call) => hosted.unary(...call),
    stream: (...call) => hosted.stream(...call),
  };
  const transports = { ingestion: transport, identity: transport, device: transport, tracking: transport };
  const log = createLogger({ name: "bench", level: "warn" });
  const shared = { database: { engine: "mongodb", mongodb } as const, transports, clock, log, random: Math.random };
  const ingestion = await openIngestion({ ...shared, owner: "bench" });
  const identity = await openIdentity(shared);
  const device = await openDevice(shared);
  const tracking = await openTracking(shared);
  hosted = createLocalTransport([...ingestion.services, ...identity.services, ...device, ...tracking.services], {
    log,
  });
  const client = createClient(IngestionService, transport);
  return {
    async ingest(events) {
      const { verdicts } = await client.ingestEvents({ events });
      const done = verdicts.every(({ outcome, effectsApplied }) => outcome === Outcome.STORED && effectsApplied);
      if (!done) throw new Error("events were not stored, or their effects were not applied within a second");
    },
    close: () => ingestion.stop(),
  };
}
