/** A process that adds notes until it is killed, and names each on standard output once it is durable. */
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { notePrograms } from "./note-programs.ts";

const database = await openSqliteDatabase({ file: String(process.argv[2]) });
const notes = await database.load(notePrograms);

async function write(name: string): Promise<never> {
  for (let number = 0; ; number += 1) {
    const text = `${name}/${number}`;
    await notes.add([text]);
    process.stdout.write(`${text}\n`);
  }
}

await Promise.all(["a", "b", "c", "d"].map(write));
