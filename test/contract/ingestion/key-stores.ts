import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeyReservation, keyReservationKind } from "../../../services/ingestion/idempotency.ts";
import type { Clock } from "../../../services/runtime/clock.ts";
import { openMongodb } from "../../../services/storage/mongodb-database.ts";
import { mongodbVersionedDocuments } from "../../../services/storage/mongodb-versioned-documents.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { sqliteVersionedDocuments } from "../../../services/storage/sqlite-versioned-documents.ts";
import type { VersionedDocuments } from "../../../services/storage/versioned-documents.ts";
import { freshMongodb, type MongodbEngine, mongodbEngines } from "../storage/engines.ts";

/** Reservations as several processes see them. */
export interface OpenKeys {
  readonly replicas: readonly VersionedDocuments<KeyReservation>[];
  close(): Promise<void>;
}

export interface KeyEngine {
  readonly name: string;
  readonly atomicUpdates: boolean;
  open(clock: Clock): Promise<OpenKeys>;
}

/** Every store that can be had here. */
export const keyEngines: readonly KeyEngine[] = [
  { name: "SQLite", atomicUpdates: true, open: openSqliteKeys },
  ...mongodbEngines.map(mongodbKeys),
];

async function openSqliteKeys(clock: Clock): Promise<OpenKeys> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-keys-"));
  const database = await openSqliteDatabase({ file: join(folder, "keys.sqlite") });
  const open = () => sqliteVersionedDocuments(database, keyReservationKind, clock);
  return {
    replicas: [await open(), await open(), await open()],
    async close() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

function mongodbKeys({ name, url, atomicUpdates }: MongodbEngine): KeyEngine {
  return {
    name,
    atomicUpdates,
    async open(clock) {
      const first = await freshMongodb(url);
      const databases = [first.database, await openMongodb(first.url), await openMongodb(first.url)];
      const replicas = [];
      for (const database of databases)
        replicas.push(await mongodbVersionedDocuments(database, keyReservationKind, clock));
      return {
        replicas,
        async close() {
          await first.database.db.dropDatabase();
          await Promise.all(databases.map((database) => database.close()));
        },
      };
    },
  };
}
