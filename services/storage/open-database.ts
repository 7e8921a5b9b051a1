import { join } from "node:path";
import type { Clock } from "../runtime/clock.ts";
import type { MongodbDatabase } from "./mongodb-database.ts";
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
  if (url !== undefined) return openMongodb(url);
  return { engine: "sqlite", sqlite: await openSqliteDatabase({ file: join(dataDir, `${service}.sqlite`) }) };
}

/**
 * Opens one database for all services of a process, each with tables of its own. What is written is on the disk once
 * {@link syncDatabase} has resolved, and no service's write is ever there without those that came before it.
 */
export async function openCommonDatabase({ url, dataDir }: Omit<DatabaseOptions, "service">): Promise<Database> {
  if (url !== undefined) return openMongodb(url);
  const file = join(dataDir, "carillon.sqlite");
  return { engine: "sqlite", sqlite: await openSqliteDatabase({ file, durability: "sync" }) };
}

/** The driver is loaded only where it is used: it takes some 30 MB and a tenth of a start. */
async function openMongodb(url: string): Promise<Database> {
  const mongodb = await import("./mongodb-database.ts");
  return { engine: "mongodb", mongodb: await mongodb.openMongodb(url, { monitorCommands: true }) };
}

/** Resolves once what was answered by now is on the disk; rejects with `StoreUnavailableError` when the disk fails. */
export function syncDatabase(database: Database): Promise<void> {
  return database.engine === "sqlite" ? database.sqlite.sync() : Promise.resolve();
}

/** Versioned documents in whichever database it is. */
export async function versionedDocuments<T>(
  database: Database,
  kind: DocumentKind<T>,
  clock: Clock,
): Promise<StoredDocuments<T>> {
  if (database.engine === "sqlite") return sqliteVersionedDocuments(database.sqlite, kind, clock);
  const { mongodbVersionedDocuments } = await import("./mongodb-versioned-documents.ts");
  return mongodbVersionedDocuments(database.mongodb, kind, clock);
}

const MB = 1024 * 1024;

/**
 * Bytes of documents of one kind that a process should remember: few where reading one costs less than keeping it alive,
 * more where a read waits for the disk or for a server.
 */
export function bytesToRemember(database: Database): number {
  return database.engine === "sqlite" && database.sqlite.durability === "sync" ? 2 * MB : 16 * MB;
}

/** Whether the database answers. */
export function databaseHealthy(database: Database): Promise<boolean> {
  return database.engine === "sqlite" ? database.sqlite.healthy() : database.mongodb.healthy();
}

/** Answers what was accepted and closes the database. */
export function closeDatabase(database: Database): Promise<void> {
  return database.engine === "sqlite" ? database.sqlite.close() : database.mongodb.close();
}
