/**
 * The thread that copies a database's write-ahead log into its file; started by sqlite-checkpoints.ts, whose messages it
 * answers with whether all of the log is copied, or with why that failed. In JavaScript, because to run TypeScript a thread needs a
 * compiler of 15 MB.
 */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

const db = new DatabaseSync(workerData, { timeout: 1_000 });
// Syncs the log before it is copied, and the file before the log may be begun anew.
db.exec("PRAGMA synchronous = NORMAL");
// Passive: whoever writes goes on meanwhile, and what they write is left for the next time.
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");

function run() {
  try {
    const { log, checkpointed } = checkpoint.get() ?? {};
    return { complete: log === checkpointed };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", () => parentPort?.postMessage(run()));
