import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { systemClock } from "../../../services/runtime/clock.ts";
import { type MongodbDatabase, openMongodb } from "../../../services/storage/mongodb-database.ts";
import { mongodbVersionedDocuments } from "../../../services/storage/mongodb-versioned-documents.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { sqliteVersionedDocuments } from "../../../services/storage/sqlite-versioned-documents.ts";
import { counterKind, type Engine } from "./counters.ts";

/** Time stands still, so that versions cannot rely on its passing. */
const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 1) };

export const sqliteEngine: Engine = {
  name: "SQLite",
  scale: 4,
  atomicUpdates: true,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), "carillon-"));
    const database = await openSqliteDatabase({ file: join(folder, "test.db") });
    return {
      counters: () => sqliteVersionedDocuments(database, counterKind, clock),
      async close() {
        await database.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};

const mongodbUrls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");

if (mongodbUrls.length === 0) {
  process.stderr.write("skipped: stores on MongoDB; set CARILLON_TEST_MONGODB_URL to one or more URLs to have them\n");
}

/** Opens a database of its own on the server, and answers its URL. */
export async function freshMongodb(url: string): Promise<{ database: MongodbDatabase; url: string }> {
  const named = new URL(url);
  named.pathname = `/carillon_${randomUUID().slice(0, 8)}`;
  const database = await openMongodb(named.href, { monitorCommands: true });
  return { database, url: named.href };
}

/** FerretDB 1 reads, compares and writes in steps: of updates that expect the same version at once, several succeed. */
async function updatesAtomically(url: string): Promise<boolean> {
  const client = await new MongoClient(url).connect();
  const info = await client.db("admin").command({ buildInfo: 1 });
  await client.close();
  const atomic = !Object.keys(info).some((key) => key.startsWith("ferretdb"));
  if (!atomic) process.stderr.write(`skipped: concurrent writers on ${url}, whose updates are not atomic\n`);
  return atomic;
}

export interface MongodbEngine extends Engine {
  readonly url: string;
}

async function mongodbEngine(url: string): Promise<MongodbEngine> {
  return {
    name: `MongoDB at ${new URL(url).host}`,
    url,
    scale: 1,
    atomicUpdates: await updatesAtomically(url),
    async open() {
      const first = await freshMongodb(url);
      const opened = [first.database];
      return {
        async counters() {
          const database = await openMongodb(first.url);
          opened.push(database);
          return mongodbVersionedDocuments(database, counterKind, clock);
        },
        async close() {
          await first.database.db.dropDatabase();
          await Promise.all(opened.map((database) => database.close()));
        },
      };
    },
  };
}

/** Every server of CARILLON_TEST_MONGODB_URL. */
export const mongodbEngines: readonly MongodbEngine[] = await Promise.all(mongodbUrls.map(mongodbEngine));
