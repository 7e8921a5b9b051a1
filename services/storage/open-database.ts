import { join } from "node:path";
import type { Clock } from "../runtime/clock.ts";
import { type MongodbDatabase, openMongodb } from "./mongodb-database.ts";
import { mongodbVersionedDocuments } from "./mongodb-versioned-documents.ts";
import { openSqliteDatabase, type SqliteDatabase } from "./sqlite-database.ts";
import { sqliteVersionedDocuments } from "./sqlite-versioned-documents.ts";
import type { DocumentKind, StoredDocuments } from "./versioned-documents.ts";

/** Where one service keeps what it owns. */
export type Database =
  | { readonly engine: "sqlite"; readonly sqlite: SqliteDatabase }
  | { readonly engine: "mongodb"; readonly mongodb: MongodbDatabase };

export interface DatabaseOptions {
  /** `mongodb://…/name`; without one, a SQLite file in the data folder. */
  readonly url: string | undefined;
  readonly dataDir: string;
  /** Names the service's own SQLite file. */
  readonly service: string;
}

/** Opens a service's database. */
export async function openDatabase({ url, dataDir, service }: DatabaseOptions): Promise<Database> {
  if (url !== undefined) return { engine: "mongodb", mongodb: await openMongodb(url, { monitorCommands: true }) };
  return { engine: "sqlite", sqlite: await openSqliteDatabase({ file: join(dataDir, `${service}.sqlite`) }) };
}

/**
 * Opens one database for all services of a process, each with tables of its own. What is written is on the disk once
 * {@link syncDatabase} has resolved, and no service's write is ever there without those that came before it.
 */
export async function openCommonDatabase({ url, dataDir }: Omit<DatabaseOptions, "service">): Promise<Database> {
  if (url !== undefined) return { engine: "mongodb", mongodb: await openMongodb(url, { monitorCommands: true }) };
  const file = join(dataDir, "carillon.sqlite");
  return { engine: "sqlite", sqlite: await openSqliteDatabase({ file, durability: "sync" }) };
}

/** Resolves once what was answered by now is on the disk; rejects with `StoreUnavailableError` when the disk fails. */
export function syncDatabase(database: Database): Promise<void> {
  return database.engine === "sqlite" ? database.sqlite.sync() : Promise.resolve();
}

/** Versioned documents in whichever database it is. */
export function versionedDocuments<T>(
  database: Database,
  kind: DocumentKind<T>,
  clock: Clock,
): Promise<StoredDocuments<T>> {
  return database.engine === "sqlite"
    ? sqliteVersionedDocuments(database.sqlite, kind, clock)
    : mongodbVersionedDocuments(database.mongodb, kind, clock);
}

/** Whether the database answers. */
export function databaseHealthy(database: Database): Promise<boolean> {
  return database.engine === "sqlite" ? database.sqlite.healthy() : database.mongodb.healthy();
}

/** Answers what was accepted and closes the database. */
export function closeDatabase(database: Database): Promise<void> {
  return database.engine === "sqlite" ? database.sqlite.close() : database.mongodb.close();
}
