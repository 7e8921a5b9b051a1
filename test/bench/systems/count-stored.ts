import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Events in the SQLite file of a data folder that no process has open; 0 where there is none yet. */
export function countStored(dataDir: string): number {
  const file = ["ingestion.sqlite", "carillon.sqlite"].map((name) => join(dataDir, name)).find(existsSync);
  if (file === undefined) return 0;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(database.prepare("SELECT count(*) AS events FROM events").get()?.events);
  } finally {
    database.close();
  }
}
