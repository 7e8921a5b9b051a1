import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type IdentityStore, openIdentityStore } from "../../../services/identity/store.ts";
import type { Clock } from "../../../services/runtime/clock.ts";
import { openMongodb } from "../../../services/storage/mongodb-database.ts";
import { mongodbVersionedDocuments } from "../../../services/storage/mongodb-versioned-documents.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { sqliteVersionedDocuments } from "../../../services/storage/sqlite-versioned-documents.ts";

/** A real store that is empty, and how to be rid of it. */
export interface OpenStore {
  readonly store: IdentityStore;
  /**
   * Whether two updates of one document at once are kept apart, as MongoDB promises and every user of this store
   * relies on. FerretDB 1 does not: of several `updateOne` with the same version in their filter, several match.
   */
  readonly atomicUpdates: boolean;
  close(): Promise<void>;
}

export interface StoreAdapter {
  readonly name: string;
  open(clock: Clock): Promise<OpenStore>;
}

const mongodbUrls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
if (mongodbUrls.length === 0) {
  process.stderr.write("identity on MongoDB skipped: set CARILLON_TEST_MONGODB_URL, as in mongodb://127.0.0.1:27017\n");
}

/** Every adapter that can be had here. */
export const adapters: readonly StoreAdapter[] = [
  { name: "SQLite", open: openSqlite },
  ...mongodbUrls.map((url) => ({
    name: `MongoDB at ${new URL(url).host}`,
    open: (clock: Clock) => openOn(url, clock),
  })),
];

async function openSqlite(clock: Clock): Promise<OpenStore> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-identity-"));
  const database = await openSqliteDatabase({ file: join(folder, "identity.sqlite") });
  return {
    store: await openIdentityStore((kind) => sqliteVersionedDocuments(database, kind, clock)),
    atomicUpdates: true,
    async close() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openOn(url: string, clock: Clock): Promise<OpenStore> {
  const named = new URL(url);
  named.pathname = `/identity_${randomUUID().replaceAll("-", "")}`;
  const database = await openMongodb(named.href);
  const server = await database.db.command({ buildInfo: 1 });
  return {
    atomicUpdates: !("ferretdbVersion" in server),
    store: await openIdentityStore((kind) => mongodbVersionedDocuments(database, kind, clock)),
    async close() {
      await database.db.dropDatabase();
      await database.close();
    },
  };
}
