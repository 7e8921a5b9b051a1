import process from "node:process";
import { DatabaseSync } from "node:sqlite";

/** Milliseconds to wait for a lock, which a process that is just stopping may still hold. */
const LOCK_WAIT_MS = 1_000;

/**
 * Keeps a second process from a database until it is closed; ends with this process however it ends. Others may read.
 *
 * @throws Error with one line naming the file
 */
export function openLock(file: string): DatabaseSync {
  return opening(file, () => {
    const lock = new DatabaseSync(`${file}-lock`, { timeout: LOCK_WAIT_MS });
    // Nothing is ever written to it, so that a full disk keeps nobody from starting.
    lock.exec("PRAGMA journal_mode = OFF");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  });
}

/**
 * Opens a database file, or one in memory, for the only thread that writes it.
 *
 * @throws Error with one line naming the file
 */
export function openConnection(file: string): DatabaseSync {
  return opening(file, () => {
    requireSqlite(process.versions.sqlite);
    const db = new DatabaseSync(file, { timeout: LOCK_WAIT_MS, enableForeignKeyConstraints: false });
    db.exec("PRAGMA journal_mode = WAL");
    // SQLite itself syncs the log only where its beginning is written over, so the log is always whole up to some
    // commit. Before anything is answered it is synced beside this thread, which FULL would keep waiting.
    db.exec("PRAGMA synchronous = NORMAL");
    // The log is copied into the file beside this thread, see sqlite-checkpoints.ts.
    db.exec("PRAGMA wal_autocheckpoint = 0");
    // KiB. With the 2 MB by default every event read four pages again that had to make room; more than this gains nothing
    // that the system's own cache does not give.
    db.exec("PRAGMA cache_size = -8000");
    db.exec("BEGIN IMMEDIATE; COMMIT");
    return db;
  });
}

/**
 * Before 3.51.3, SQLite could lose commits where one connection copies the log while another writes
 * (https://www.sqlite.org/wal.html, "The WAL-Reset Bug").
 *
 * @throws Error where the version is older
 */
export function requireSqlite(version = "0"): void {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major * 1e6 + minor * 1e3 + patch >= 3_051_003) return;
  throw new Error(
    `SQLite 3.51.3 or later is needed, and this Node.js brings ${version}; Node.js 24.21 has a later one`,
  );
}

/** What `open` opens; throws where it cannot, with one line that names the file. */
function opening(file: string, open: () => DatabaseSync): DatabaseSync {
  try {
    return open();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const inUse = message.includes("database is locked");
    const use = "is in use by another process; stop that one, or name another folder with CARILLON_DATA_DIR";
    throw new Error(inUse ? `${file} ${use}` : `cannot open ${file}: ${message}`);
  }
}
