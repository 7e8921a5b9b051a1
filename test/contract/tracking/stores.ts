import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../services/runtime/clock.ts";
import { type MongodbDatabase, openMongodb } from "../../../services/storage/mongodb-database.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { mongodbPushStore } from "../../../services/tracking/mongodb-store.ts";
import { sqlitePushStore } from "../../../services/tracking/sqlite-store.ts";
import type { PushStore } from "../../../services/tracking/store.ts";

/** A real ledger that is empty, as two processes see it, and how to be rid of it. */
export interface OpenLedger {
  readonly pushes: PushStore;
  /** The same ledger through another adapter of its own. */
  readonly other: PushStore;
  close(): Promise<void>;
}

/** One on MongoDB, whose commands are reported. */
export interface MongodbLedger extends OpenLedger {
  readonly mongodb: MongodbDatabase;
}

export interface LedgerAdapter<L extends OpenLedger = OpenLedger> {
  readonly name: string;
  /** FerretDB 1 reads, compares and writes in steps: of writers that expect the same version at once, several succeed. */
  readonly atomicUpdates: boolean;
  open(clock: Clock): Promise<L>;
}

const mongodbUrls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
if (mongodbUrls.length === 0) {
  process.stderr.write("tracking on MongoDB skipped: set CARILLON_TEST_MONGODB_URL, as in mongodb://127.0.0.1:27017\n");
}

/** Every MongoDB server that can be had here. */
export const mongodbAdapters: readonly LedgerAdapter<MongodbLedger>[] = await Promise.all(
  mongodbUrls.map(mongodbAdapter),
);

/** Every adapter that can be had here. */
export const ledgerAdapters: readonly LedgerAdapter[] = [
  { name: "SQLite", atomicUpdates: true, open: openSqliteLedger },
  ...mongodbAdapters,
];

async function mongodbAdapter(url: string): Promise<LedgerAdapter<MongodbLedger>> {
  const database = await freshMongodb(url);
  const info = await database.db.admin().buildInfo();
  await database.close();
  const atomicUpdates = !Object.keys(info).some((key) => key.startsWith("ferretdb"));
  if (!atomicUpdates) process.stderr.write(`skipped: concurrent writers on ${url}, whose updates are not atomic\n`);
  return { name: `MongoDB at ${new URL(url).host}`, atomicUpdates, open: (clock) => openMongodbLedger(url, clock) };
}

/** Opens a database of its own on the server. */
function freshMongodb(url: string): Promise<MongodbDatabase> {
  const named = new URL(url);
  named.pathname = `/tracking_${randomUUID().replaceAll("-", "")}`;
  return openMongodb(named.href, { monitorCommands: true });
}

/** A ledger in a SQLite file of its own. */
export async function openSqliteLedger(clock: Clock): Promise<OpenLedger> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-tracking-"));
  const database = await openSqliteDatabase({ file: join(folder, "tracking.sqlite") });
  return {
    pushes: await sqlitePushStore(database, clock),
    other: await sqlitePushStore(database, clock),
    async close() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openMongodbLedger(url: string, clock: Clock): Promise<MongodbLedger> {
  const database = await freshMongodb(url);
  return {
    mongodb: database,
    pushes: await mongodbPushStore(database, clock),
    other: await mongodbPushStore(database, clock),
    async close() {
      await database.db.dropDatabase();
      await database.close();
    },
  };
}
