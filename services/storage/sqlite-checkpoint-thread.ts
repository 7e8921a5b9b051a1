/** The thread that copies a database's write-ahead log into its file; started by sqlite-checkpoints.ts. */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** What is answered to each message: why the checkpoint failed, nothing where it did not. */
export type CheckpointAnswer = string | undefined;

if (parentPort === null) throw new Error("checkpoints run in a thread of the process that writes the database");
const port = parentPort;
const db = new DatabaseSync(workerData as string, { timeout: 1_000 });
// Syncs the log before it is copied, and the file before the log may be begun anew.
db.exec("PRAGMA synchronous = NORMAL");
// Passive: whoever writes goes on meanwhile, and what they write is left for the next time.
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");

function run(): CheckpointAnswer {
  try {
    checkpoint.get();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

port.on("message", () => port.postMessage(run()));
