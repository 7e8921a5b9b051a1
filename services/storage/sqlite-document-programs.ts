import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { KeyRange } from "./key-range.ts";
import { limitSql } from "./sqlite-limit.ts";
import { defineSqlitePrograms } from "./sqlite-programs.ts";

/** The table of one kind of document. */
export interface DocumentTable {
  readonly name: string;
  readonly fields: readonly string[];
}

export interface DocumentRow {
  readonly key: string;
  readonly version: number;
  /** JSON. */
  readonly value: string;
}

export interface FiledDocumentRow extends DocumentRow {
  /** In the order of the table's fields. */
  readonly fields: readonly (string | number | null)[];
}

export interface DocumentRowWrite extends FiledDocumentRow {
  readonly expectedVersion: number;
}

export interface DocumentRowQuery {
  readonly range: KeyRange;
  readonly where?: { readonly field: string; readonly operator: "=" | "<" | ">"; readonly operand: string | number };
  readonly limit: number;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const column = (field: string) => quoted(`field_${field}`);
const indexName = ({ name }: DocumentTable, field: string) => quoted(`${name}_by_${field}`);

/**
 * The schema of a kind, or what an older table lacks of it: field columns have no type, so that numbers and strings stay
 * what they are.
 */
function createTable(db: DatabaseSync, table: DocumentTable): void {
  const columns = ["key TEXT NOT NULL UNIQUE", "version INTEGER NOT NULL", "value TEXT NOT NULL"];
  db.exec(`CREATE TABLE IF NOT EXISTS ${quoted(table.name)} (${[...columns, ...table.fields.map(column)].join(", ")})`);
  const existing = db.prepare("SELECT name FROM pragma_table_info(?)").all(table.name);
  for (const field of table.fields) {
    if (!existing.some(({ name }) => name === `field_${field}`)) {
      db.exec(`ALTER TABLE ${quoted(table.name)} ADD COLUMN ${column(field)}`);
    }
    const on = `${quoted(table.name)} (${column(field)}, key)`;
    db.exec(`CREATE INDEX IF NOT EXISTS ${indexName(table, field)} ON ${on} WHERE ${column(field)} IS NOT NULL`);
  }
}

function pageSql(table: DocumentTable, { range, where }: DocumentRowQuery): string {
  const conditions = [range.exclusive ? "key > ?" : "key >= ?"];
  if (range.to !== undefined) conditions.push("key < ?");
  if (where) conditions.push(`${column(where.field)} ${where.operator} ?`, `${column(where.field)} IS NOT NULL`);
  const from = where ? `${quoted(table.name)} INDEXED BY ${indexName(table, where.field)}` : quoted(table.name);
  return `SELECT key, version, value FROM ${from} WHERE ${conditions.join(" AND ")} ORDER BY key ${limitSql("?")}`;
}

/**
 * Statements that write a document. A column that an UPDATE names is taken out of its indexes and put in again, changed
 * or not, so there is one for documents whose fields stay as they were, which is the rule, and that looks whether they do.
 */
function writeSql({ name, fields }: DocumentTable) {
  const columns = ["key", "version", "value", ...fields.map(column)];
  const places = columns.map(() => "?").join(", ");
  const assigned = fields.map((field) => `${column(field)} = ?`).join(", ");
  const [same, differing] = ["IS", "IS NOT"].map((is) => fields.map((field) => `${column(field)} ${is} ?`));
  return {
    insert: `INSERT INTO ${quoted(name)} (${columns.join(", ")}) VALUES (${places}) ON CONFLICT (key) DO NOTHING`,
    update: `UPDATE ${quoted(name)} SET version = ?, value = ?
      WHERE ${["key = ?", "version = ?", ...same!].join(" AND ")}`,
    updateAll: `UPDATE ${quoted(name)} SET version = ?, value = ?, ${assigned} WHERE key = ? AND version = ?`,
    updateFields: `UPDATE ${quoted(name)} SET ${assigned} WHERE key = ? AND version = ? AND (${differing!.join(" OR ")})`,
  };
}

/** A function that answers whether it has written. */
function writer(db: DatabaseSync, table: DocumentTable): (write: DocumentRowWrite) => boolean {
  const sql = writeSql(table);
  const [insert, update] = [db.prepare(sql.insert), db.prepare(sql.update)];
  const updateAll = table.fields.length === 0 ? undefined : db.prepare(sql.updateAll);
  return ({ key, version, value, expectedVersion, fields }) => {
    if (expectedVersion === 0) return insert.run(key, version, value, ...fields).changes === 1;
    if (update.run(version, value, key, expectedVersion, ...fields).changes === 1) return true;
    return updateAll?.run(version, value, ...fields, key, expectedVersion).changes === 1;
  };
}

/** Versioned documents of every kind: one table a kind, created by `define`. */
export const documentPrograms = defineSqlitePrograms({
  name: "documents",
  migrate: () => undefined,
  prepare(db) {
    /** Prepared once for each kind of document, and for its fields: those of other versions are different. */
    const writerOf = onceFor((_, table: DocumentTable) => writer(db, table));
    const loaderOf = onceFor((name) => db.prepare(`SELECT key, version, value FROM ${quoted(name)} WHERE key = ?`));
    const removerOf = onceFor((name) => db.prepare(`DELETE FROM ${quoted(name)} WHERE key = ? AND version = ?`));
    const statement = onceFor((sql) => db.prepare(sql));
    const rows = (statement: StatementSync, parameters: SQLInputValue[]) =>
      statement.all(...parameters) as unknown as DocumentRow[];

    return {
      writes: {
        define: (table: DocumentTable) => createTable(db, table),
        /** Whether each was written. */
        save: ({ table, writes }: { table: DocumentTable; writes: DocumentRowWrite[] }): boolean[] =>
          writes.map(writerOf(`${table.name} ${table.fields}`, table)),
        file({ table, filings }: { table: DocumentTable; filings: Omit<FiledDocumentRow, "value">[] }): void {
          const update = statement(writeSql(table).updateFields);
          for (const { key, version, fields } of filings) update.run(...fields, key, version, ...fields);
        },
        remove({ table, removals }: { table: DocumentTable; removals: { key: string; version: number }[] }): void {
          const remove = removerOf(table.name);
          for (const { key, version } of removals) remove.run(key, version);
        },
      },
      reads: {
        load({ table, keys }: { table: DocumentTable; keys: readonly string[] }): DocumentRow[] {
          const loader = loaderOf(table.name);
          return keys.flatMap((key) => rows(loader, [key]));
        },
        filed({ table, keys }: { table: DocumentTable; keys: readonly string[] }): FiledDocumentRow[] {
          const columns = ["key", "version", "value", ...table.fields.map(column)];
          const found = statement(`SELECT ${columns.join(", ")} FROM ${quoted(table.name)} WHERE key = ?`);
          return keys.flatMap((key) =>
            found.all(key).map((row) => {
              const fields = table.fields.map((field) => row[`field_${field}`] as string | number | null);
              return { ...(row as unknown as DocumentRow), fields };
            }),
          );
        },
        page({ table, query }: { table: DocumentTable; query: DocumentRowQuery }): DocumentRow[] {
          const { range, where, limit } = query;
          const bounds = range.to === undefined ? [range.from] : [range.from, range.to];
          return rows(statement(pageSql(table, query)), [...bounds, ...(where ? [where.operand] : []), limit]);
        },
      },
    };
  },
});

/** Makes something once for each name, and remembers it. */
function onceFor<T, A extends unknown[]>(make: (name: string, ...rest: A) => T): (name: string, ...rest: A) => T {
  const made = new Map<string, T>();
  return (name, ...rest) => {
    const known = made.get(name) ?? make(name, ...rest);
    made.set(name, known);
    return known;
  };
}
