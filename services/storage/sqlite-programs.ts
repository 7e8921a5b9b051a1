import type { DatabaseSync } from "node:sqlite";

/** A program runs in the thread of its caller. What goes in and comes out is handed over, not copied. */
type Programs = Record<string, (args: never) => unknown>;

/** What a module can do with the database: each call of a write is atomic, a read sees committed data only. */
export interface PreparedPrograms {
  readonly writes: Programs;
  readonly reads: Programs;
}

/** The statements of one module; see {@link defineSqlitePrograms}. */
export interface SqlitePrograms<P extends PreparedPrograms> {
  /** Unique within a database. */
  readonly name: string;
  /** Creates what is missing (`CREATE … IF NOT EXISTS`), in a transaction. Runs at every start. */
  migrate(db: DatabaseSync): void;
  /**
   * Prepares statements and returns the programs over them. Program names are unique across writes and reads.
   *
   * Programs keep no state of their own: a call may run a second time after its transaction was rolled back.
   */
  prepare(db: DatabaseSync): P;
}

type Call<F> = F extends (args: infer A) => infer R
  ? unknown extends A
    ? () => Promise<Awaited<R>>
    : (args: A) => Promise<Awaited<R>>
  : never;

/** The programs as stores call them. A promise resolves once what it wrote is as durable as the database promises. */
export type SqliteClient<P extends PreparedPrograms> = {
  readonly [K in keyof P["writes"]]: Call<P["writes"][K]>;
} & { readonly [K in keyof P["reads"]]: Call<P["reads"][K]> };

/**
 * Declares programs, e.g.
 *
 * ```ts
 * export const eventPrograms = defineSqlitePrograms({
 *   name: "events",
 *   migrate: (db) => db.exec("CREATE TABLE IF NOT EXISTS …"),
 *   prepare(db) {
 *     const insert = db.prepare("INSERT …");
 *     return { writes: { insert: (rows: Row[]) => … }, reads: { … } };
 *   },
 * });
 * const events = await database.load(eventPrograms);
 * await events.insert(rows);
 * ```
 */
export function defineSqlitePrograms<P extends PreparedPrograms>(programs: SqlitePrograms<P>): SqlitePrograms<P> {
  return programs;
}
