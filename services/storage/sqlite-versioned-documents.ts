import type { Clock } from "../runtime/clock.ts";
import { versionSource } from "./document-version.ts";
import { keyRange } from "./key-range.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import {
  type DocumentRow,
  type DocumentRowQuery,
  type DocumentTable,
  documentPrograms,
} from "./sqlite-document-programs.ts";
import {
  conflict,
  type DocumentKind,
  type DocumentPageQuery,
  filedText,
  type StoredDocuments,
} from "./versioned-documents.ts";

/**
 * Versioned documents in a table of a SQLite database, which is created, or given the columns of its fields, where they
 * are missing.
 *
 * Every save and remove is one atomic call, although the port promises less. Values are stored as JSON: `undefined`
 * properties are left out. All of them reject with `StoreUnavailableError` when the database does.
 */
export async function sqliteVersionedDocuments<T>(
  database: SqliteDatabase,
  kind: DocumentKind<T>,
  clock: Clock,
): Promise<StoredDocuments<T>> {
  const programs = await database.load(documentPrograms);
  const fields = Object.entries(kind.fields);
  const table: DocumentTable = { name: kind.name, fields: fields.map(([name]) => name) };
  await programs.define(table);
  const nextVersion = versionSource(clock);
  const fieldsOf = (value: T) => fields.map(([, extract]) => extract(value));
  const named = (values: readonly unknown[]) => Object.fromEntries(fields.map(([name], i) => [name, values[i]]));
  const parse = ({ key, version, value }: DocumentRow) => ({ key, version, value: JSON.parse(value) as T });

  return {
    async load(keys) {
      const rows = await programs.load({ table, keys });
      return new Map(rows.map(({ key, version, value }) => [key, { version, value: JSON.parse(value) as T }]));
    },

    async save(writes) {
      const rows = writes.map(({ key, expectedVersion, value }) => ({
        key,
        expectedVersion,
        version: nextVersion(expectedVersion),
        value: JSON.stringify(value),
        fields: fieldsOf(value),
      }));
      const written = await programs.save({ table, writes: rows });
      return rows.map(({ version }, index) => (written[index] ? version : conflict));
    },

    async remove(removals) {
      await programs.remove({ table, removals: [...removals] });
    },

    async page(query) {
      const rows = await programs.page({ table, query: rowQuery(query) });
      return rows.map(parse);
    },

    async filed(keys) {
      const rows = await programs.filed({ table, keys });
      return new Map(
        rows.map(({ key, value, fields: stored }) => {
          const should = fieldsOf(JSON.parse(value) as T);
          return [key, { filedAs: filedText(named(stored)), shouldBeFiledAs: filedText(named(should)) }];
        }),
      );
    },

    async fileAnew({ afterKey, limit }) {
      const query = rowQuery({ keyPrefix: "", ...(afterKey !== undefined && { afterKey }), limit });
      const documents = (await programs.page({ table, query })).map(parse);
      const filings = documents.map(({ key, version, value }) => ({ key, version, fields: fieldsOf(value) }));
      await programs.file({ table, filings });
      return documents.length === limit ? documents.at(-1)?.key : undefined;
    },
  };
}

function rowQuery(query: DocumentPageQuery): DocumentRowQuery {
  const { where, limit } = query;
  const range = keyRange(query);
  if (!where) return { range, limit };
  if ("equals" in where) return { range, limit, where: { field: where.field, operator: "=", operand: where.equals } };
  if ("above" in where) return { range, limit, where: { field: where.field, operator: ">", operand: where.above } };
  return { range, limit, where: { field: where.field, operator: "<", operand: where.below } };
}
