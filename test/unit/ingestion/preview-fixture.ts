import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Transport } from "@connectrpc/connect";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { IngestionService } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { openDevice } from "../../../services/device/open.ts";
import { openIdentity } from "../../../services/identity/open.ts";
import { openIngestion } from "../../../services/ingestion/open.ts";
import { type Clock, systemClock } from "../../../services/runtime/clock.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { closeDatabase, openDatabase } from "../../../services/storage/open-database.ts";
import { openTracking } from "../../../services/tracking/open.ts";

/** The system's, but effects are waited for however busy the machine is: what is a second or more is as good as for ever. */
const clock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 1_000 ? ms : 600_000, signal),
};

/** The four services in one process, on SQLite databases of their own. */
export async function openServices() {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-preview-"));
  const log = createLogger({ name: "preview", level: "silent" });
  const databases = await Promise.all(
    ["ingestion", "identity", "device", "tracking"].map((service) =>
      openDatabase({ url: undefined, dataDir, service }),
    ),
  );
  const [ingestionDatabase, identityDatabase, deviceDatabase, trackingDatabase] = databases;
  let local: Transport | undefined;
  const transport: Transport = {
    unary: (...call) => local!.unary(...call),
    stream: (...call) => local!.stream(...call),
  };
  const transports = { ingestion: transport, identity: transport, device: transport, tracking: transport };
  const shared = { transports, clock, log, random: Math.random };
  const ingestion = await openIngestion({ ...shared, database: ingestionDatabase!, owner: randomUUID() });
  const identity = await openIdentity({ ...shared, database: identityDatabase! });
  const device = await openDevice({ ...shared, database: deviceDatabase! });
  const tracking = await openTracking({ ...shared, database: trackingDatabase! });
  local = createLocalTransport([...ingestion.services, ...identity.services, ...device, ...tracking.services], { log });
  return {
    ingestion: createClient(IngestionService, transport),
    events: createClient(EventService, transport),
    devices: createClient(DeviceService, transport),
    async close() {
      await ingestion.stop();
      await Promise.all(databases.map(closeDatabase));
      await rm(dataDir, { recursive: true });
    },
  };
}

export type Services = Awaited<ReturnType<typeof openServices>>;
