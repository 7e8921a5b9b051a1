import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mongodbEventStore } from "../../../services/ingestion/mongodb-store.ts";
import { sqliteEventStore } from "../../../services/ingestion/sqlite-store.ts";
import type { EventStore } from "../../../services/ingestion/store.ts";
import { type MongodbDatabase, openMongodb } from "../../../services/storage/mongodb-database.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";

/** A real store that is empty, as two processes see it, and how to be rid of it. */
export interface OpenStore {
  readonly events: EventStore;
  /** The same events through an adapter of its own. */
  readonly other: EventStore;
  close(): Promise<void>;
}

export interface OpenMongodbStore extends OpenStore {
  readonly database: MongodbDatabase;
}

export interface StoreEngine<S extends OpenStore = OpenStore> {
  readonly name: string;
  /** FerretDB 1: 10 ms an update, and it reads, compares and writes in steps, so that concurrent writers all succeed. */
  readonly slow: boolean;
  open(): Promise<S>;
}

export const sqliteEngine: StoreEngine = {
  name: "SQLite",
  slow: false,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), "carillon-ingestion-"));
    const database = await openSqliteDatabase({ file: join(folder, "events.sqlite") });
    return {
      events: await sqliteEventStore(database),
      other: await sqliteEventStore(database),
      async close() {
        await database.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};

const mongodbUrls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
if (mongodbUrls.length === 0) {
  process.stderr.write(
    "event store on MongoDB skipped: set CARILLON_TEST_MONGODB_URL, as in mongodb://127.0.0.1:27017\n",
  );
}

/** Every MongoDB server that can be had here. */
export const mongodbEngines: readonly StoreEngine<OpenMongodbStore>[] = await Promise.all(
  mongodbUrls.map(mongodbEngine),
);

/** Every adapter that can be had here. */
export const storeEngines: readonly StoreEngine[] = [sqliteEngine, ...mongodbEngines];

async function mongodbEngine(url: string): Promise<StoreEngine<OpenMongodbStore>> {
  const database = await openMongodb(ownDatabase(url));
  const info = await database.db.admin().buildInfo();
  await database.close();
  const slow = Object.keys(info).some((key) => key.startsWith("ferretdb"));
  if (slow) process.stderr.write(`skipped: concurrent writers on ${url}, whose updates are not atomic\n`);
  return { name: `MongoDB at ${new URL(url).host}`, slow, open: () => openMongodbStore(url) };
}

async function openMongodbStore(url: string): Promise<OpenMongodbStore> {
  const database = await openMongodb(ownDatabase(url), { monitorCommands: true });
  return {
    database,
    events: await mongodbEventStore(database),
    other: await mongodbEventStore(database),
    async close() {
      await database.db.dropDatabase();
      await database.close();
    },
  };
}

function ownDatabase(url: string): string {
  const named = new URL(url);
  named.pathname = `/events_${randomUUID().replaceAll("-", "")}`;
  return named.href;
}
