import { defineSqlitePrograms } from "../../../services/storage/sqlite-programs.ts";

/** Programs that misbehave in every way that programs, disks do. */
export const notePrograms = defineSqlitePrograms({
  name: "notes",
  migrate: (db) => db.exec("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)"),
  prepare(db) {
    const insert = db.prepare("INSERT INTO notes (text) VALUES (?)");
    const all = db.prepare("SELECT text FROM notes ORDER BY text");
    const add = (texts: string[]) => texts.map((text) => Number(insert.run(text).lastInsertRowid));
    const texts = () => all.all().map(({ text }) => String(text));
    return {
      writes: {
        add,
        /** Adds the texts, then fails by itself. */
        addAndThrow(texts: string[]): never {
          add(texts);
          throw new Error("thrown by the program");
        },
        /** Adds a text and answers how many there are, before the commit. */
        addAndCount(text: string): number {
          add([text]);
          return texts().length;
        },
        /** Sees to it that the file cannot grow by more than so many pages. */
        limitGrowth(pages: number): void {
          const { page_count: count } = db.prepare("PRAGMA page_count").get() ?? {};
          db.exec(`PRAGMA max_page_count = ${Number(count) + pages}`);
        },
      },
      reads: {
        texts,
        failing: () => db.prepare("SELECT * FROM missing").all(),
      },
    };
  },
});
