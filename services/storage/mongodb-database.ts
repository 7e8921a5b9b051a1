import { type Db, MongoClient } from "mongodb";
import { mongodbUrl } from "../runtime/config-fields.ts";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";
import { onMongodb } from "./mongodb-errors.ts";
import { endHangingWrites } from "./mongodb-hanging-writes.ts";

export interface MongodbOptions {
  /** Milliseconds to find a server that accepts the operation before it fails. */
  readonly serverSelectionTimeoutMs?: number;
  /** Milliseconds without an answer after which a connection counts as broken. */
  readonly socketTimeoutMs?: number;
  /** Whether the driver reports its commands, for tests and metrics. */
  readonly monitorCommands?: boolean;
}

/** A MongoDB database and the connections to it. */
export interface MongodbDatabase {
  readonly db: Db;
  readonly client: MongoClient;
  /** Whether a primary answers. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Connects to `mongodb://…/name` (or `mongodb+srv://`); writes are acknowledged by a majority, journaled.
 *
 * @throws Error when the URL names no database; StoreUnavailableError when no primary answers.
 */
export async function openMongodb(url: string, options: MongodbOptions = {}): Promise<MongodbDatabase> {
  const { serverSelectionTimeoutMs = 3_000, socketTimeoutMs = 10_000, monitorCommands = false } = options;
  endHangingWrites();
  const client = new MongoClient(url, {
    ignoreUndefined: true,
    monitorCommands,
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    connectTimeoutMS: serverSelectionTimeoutMs,
    socketTimeoutMS: socketTimeoutMs,
    writeConcern: { w: "majority", journal: true },
    readConcern: { level: "majority" },
  });
  if (mongodbUrl.parse(url) === undefined) throw new Error(`the MongoDB URL should be ${mongodbUrl.expected}`);
  const db = client.db();
  try {
    await onMongodb(() => db.command({ ping: 1 }));
  } catch (error) {
    await client.close();
    if (!(error instanceof StoreUnavailableError)) throw error;
    // Hosts only: the URL may hold a password.
    const hosts = client.options.srvHost ?? client.options.hosts.join(", ");
    const message = `MongoDB at ${hosts} cannot be reached (CARILLON_DATABASE_URL)`;
    throw new StoreUnavailableError(message, { reason: "failed", cause: error });
  }
  return {
    db,
    client,
    healthy: () =>
      db.command({ ping: 1 }).then(
        () => true,
        () => false,
      ),
    close: () => client.close(),
  };
}
