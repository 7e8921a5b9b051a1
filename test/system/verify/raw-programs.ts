import type { SQLInputValue } from "node:sqlite";
import { defineSqlitePrograms } from "../../../services/storage/sqlite-programs.ts";

/** Any statement, past everything that keeps a store in order. */
export const rawPrograms = defineSqlitePrograms({
  name: "raw",
  migrate: () => undefined,
  prepare: (db) => ({
    writes: {
      /** How many rows were changed. */
      run: ({ sql, values }: { sql: string; values: SQLInputValue[] }): number =>
        Number(db.prepare(sql).run(...values).changes),
    },
    reads: {},
  }),
});
