import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { IdentityService } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { IngestionService } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { TrackingService } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { openDevice } from "../../services/device/open.ts";
import { openIdentity } from "../../services/identity/open.ts";
import { openIngestion } from "../../services/ingestion/open.ts";
import type { Ingestion } from "../../services/ingestion/service.ts";
import type { Clock } from "../../services/runtime/clock.ts";
import { createLocalTransport } from "../../services/runtime/local-transport.ts";
import { createLogger } from "../../services/runtime/log.ts";
import { openMongodb } from "../../services/storage/mongodb-database.ts";
import type { Database } from "../../services/storage/open-database.ts";
import { openSqliteDatabase, type SqliteDatabase } from "../../services/storage/sqlite-database.ts";
import type { PreparedPrograms, SqliteClient, SqlitePrograms } from "../../services/storage/sqlite-programs.ts";
import { openTracking, type Tracking } from "../../services/tracking/open.ts";

export const serviceNames = ["ingestion", "identity", "device", "tracking"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface SystemOptions {
  readonly clock: Clock;
  /** What a service gets for its database: to have it fail, say. */
  readonly databaseOf?: (service: ServiceName, database: SqliteDatabase) => SqliteDatabase;
  /** One MongoDB database for all of them, `mongodb://…/name`, instead of SQLite; it goes with them. */
  readonly mongodbUrl?: string;
  /** Hears of each call of a method, `ObserveDevices`, and of each SQLite program or MongoDB command. */
  readonly onWork?: (kind: "method" | "store", name: string) => void;
}

/** The four services in this process, each on a SQLite file of its own, or all on one MongoDB database. */
export interface System {
  /** Calls any method of any of them. */
  readonly transport: Transport;
  readonly ingestion: Client<typeof IngestionService>;
  readonly events: Client<typeof EventService>;
  readonly identity: Client<typeof IdentityService>;
  readonly profiles: Client<typeof ProfileService>;
  readonly apps: Client<typeof AppService>;
  readonly registry: Client<typeof DeviceRegistryService>;
  readonly devices: Client<typeof DeviceService>;
  readonly tracking: Client<typeof TrackingService>;
  readonly pushes: Client<typeof PushService>;
  /** Has ingestion look for what was left undone, until it finds nothing. No background work runs by itself. */
  sweep(): Promise<void>;
  /** Has ingestion remove what is older than apps keep. */
  removeExpired(): Promise<void>;
  /** Has tracking look for what was left undone, once. */
  sweepPushes(): Promise<void>;
  /** Begins anew on what is stored, with nothing remembered. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Deadline of calls, in real time: however busy the machine is, only the tests' own clocks decide what is too late. */
const PATIENCE_MS = 600_000;

/** Starts the four services over one in-process transport; `stop` is to be called at the end. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { clock, mongodbUrl, onWork } = options;
  const { databases, close } =
    mongodbUrl === undefined ? await sqliteDatabases(options) : await mongodbDatabases(mongodbUrl, onWork);
  const log = createLogger({ name: "system-test", level: "silent" });
  const random = () => 0.5;
  let hosted: Transport;
  let ingestion: Ingestion;
  let tracking: Tracking;
  // The services call each other by it before it exists.
  const transport: Transport = {
    unary(...[method, signal, timeoutMs = PATIENCE_MS, ...call]) {
      onWork?.("method", method.name);
      return hosted.unary(method, signal, timeoutMs, ...call);
    },
    stream: (...call) => hosted.stream(...call),
  };

  async function start(): Promise<void> {
    const transports = { ingestion: transport, identity: transport, device: transport, tracking: transport };
    const shared = { transports, clock, log, random };
    ingestion = await openIngestion({ ...shared, database: databases.ingestion, owner: "system" });
    const identity = await openIdentity({ ...shared, database: databases.identity });
    const device = await openDevice({ ...shared, database: databases.device });
    tracking = await openTracking({ ...shared, database: databases.tracking });
    hosted = createLocalTransport([...ingestion.services, ...identity.services, ...device, ...tracking.services], {
      log,
    });
  }

  await start();
  return {
    transport,
    ingestion: createClient(IngestionService, transport),
    events: createClient(EventService, transport),
    identity: createClient(IdentityService, transport),
    profiles: createClient(ProfileService, transport),
    apps: createClient(AppService, transport),
    registry: createClient(DeviceRegistryService, transport),
    devices: createClient(DeviceService, transport),
    tracking: createClient(TrackingService, transport),
    pushes: createClient(PushService, transport),
    removeExpired: () => ingestion.removeExpired(),
    async sweep() {
      while (await ingestion.sweep());
    },
    async sweepPushes() {
      await tracking.sweep();
    },
    async restart() {
      await ingestion.stop();
      await start();
    },
    async stop() {
      await ingestion.stop();
      await close();
    },
  };
}

interface Databases {
  readonly databases: Readonly<Record<ServiceName, Database>>;
  /** Closes and removes them. */
  close(): Promise<void>;
}

async function sqliteDatabases({ databaseOf, onWork }: SystemOptions): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-system-"));
  const opened = await Promise.all(
    serviceNames.map(
      async (name) => [name, await openSqliteDatabase({ file: join(folder, `${name}.sqlite`) })] as const,
    ),
  );
  const databases = opened.map(([name, sqlite]): [ServiceName, Database] => [
    name,
    { engine: "sqlite", sqlite: observed(databaseOf?.(name, sqlite) ?? sqlite, onWork) },
  ]);
  return {
    databases: Object.fromEntries(databases) as Databases["databases"],
    async close() {
      for (const [, database] of opened) await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The database, each call of whose programs is told. */
function observed(database: SqliteDatabase, onWork: SystemOptions["onWork"]): SqliteDatabase {
  if (onWork === undefined) return database;
  return {
    ...database,
    async load<P extends PreparedPrograms>(programs: SqlitePrograms<P>) {
      const calls = Object.entries(await database.load(programs)).map(([name, call]) => {
        const run = call as (args: unknown) => unknown;
        const told = (args: unknown) => {
          onWork("store", name);
          return run(args);
        };
        return [name, told];
      });
      return Object.fromEntries(calls) as SqliteClient<P>;
    },
  };
}

async function mongodbDatabases(url: string, onWork: SystemOptions["onWork"]): Promise<Databases> {
  const mongodb = await openMongodb(url, { monitorCommands: onWork !== undefined });
  mongodb.client.on("commandStarted", ({ commandName }) => onWork?.("store", commandName));
  const database: Database = { engine: "mongodb", mongodb };
  return {
    databases: { ingestion: database, identity: database, device: database, tracking: database },
    async close() {
      await mongodb.db.dropDatabase();
      await mongodb.close();
    },
  };
}
