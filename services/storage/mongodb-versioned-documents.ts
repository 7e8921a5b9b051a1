import { isDeepStrictEqual } from "node:util";
import type { Collection, Document } from "mongodb";
import type { Clock } from "../runtime/clock.ts";
import { versionSource } from "./document-version.ts";
import { keyRange } from "./key-range.ts";
import { casWriter } from "./mongodb-cas-write.ts";
import type { MongodbDatabase } from "./mongodb-database.ts";
import { onMongodb } from "./mongodb-errors.ts";
import {
  conflict,
  type DocumentKind,
  type DocumentPageQuery,
  filedText,
  type StoredDocuments,
} from "./versioned-documents.ts";

interface StoredDocument<T> {
  readonly _id: string;
  readonly version: number;
  readonly value: T;
  /** What `page` asks for, `null` included. */
  readonly fields: Readonly<Record<string, string | number | null>>;
}

/** Updates in a command where nobody waits: the slowest servers take 100 ms each, and have 10 s in all. */
const FILINGS_AT_ONCE = 25;

/**
 * Versioned documents in a MongoDB collection, whose indexes are created where they are missing: one a field, beside
 * the query that it serves.
 *
 * A save is one command where {@link casWriter} can do so; each document in it is atomic alone. Values are stored as BSON: `undefined`
 * is left out. All of them reject with `StoreUnavailableError` when the outcome is not known.
 */
export async function mongodbVersionedDocuments<T>(
  database: MongodbDatabase,
  kind: DocumentKind<T>,
  clock: Clock,
): Promise<StoredDocuments<T>> {
  const collection = database.db.collection(kind.name) as unknown as Collection<StoredDocument<T>>;
  const fields = Object.entries(kind.fields);
  const write = await casWriter(database.db.collection(kind.name));
  const nextVersion = versionSource(clock);
  for (const [name] of fields) {
    await onMongodb(() => collection.createIndex({ [`fields.${name}`]: 1, _id: 1 }, { name }));
  }

  function fieldsOf(value: T): StoredDocument<T>["fields"] {
    return Object.fromEntries(fields.map(([name, extract]) => [name, extract(value)]));
  }

  return {
    async load(keys) {
      const found = await onMongodb(() => collection.find({ _id: { $in: [...keys] } }).toArray());
      return new Map(found.map(({ _id, version, value }) => [_id, { version, value }]));
    },

    async save(writes) {
      const versions = writes.map(({ expectedVersion }) => nextVersion(expectedVersion));
      const written = await write(
        writes.map(({ key, expectedVersion, value }, index) => ({
          key,
          expectedVersion,
          replacement: { version: versions[index]!, value, fields: fieldsOf(value) },
        })),
      );
      return versions.map((version, index) => (written[index] ? version : conflict));
    },

    async remove(removals) {
      if (removals.length === 0) return;
      const operations = removals.map(({ key, version }) => ({ deleteOne: { filter: { _id: key, version } } }));
      await onMongodb(() => collection.bulkWrite(operations, { ordered: false }));
    },

    async page(query) {
      const { filter, hint } = pageFilter(query);
      const cursor = collection.find(filter, { hint }).sort({ _id: 1 }).limit(query.limit);
      const found = await onMongodb(() => cursor.toArray());
      return found.map(({ _id, version, value }) => ({ key: _id, version, value }));
    },

    async filed(keys) {
      const found = await onMongodb(() => collection.find({ _id: { $in: [...keys] } }).toArray());
      return new Map(
        found.map(({ _id, value, fields: stored }) => [
          _id,
          { filedAs: filedText(stored), shouldBeFiledAs: filedText(fieldsOf(value)) },
        ]),
      );
    },

    async fileAnew({ afterKey, limit }) {
      const { filter, hint } = pageFilter({ keyPrefix: "", ...(afterKey !== undefined && { afterKey }), limit });
      const cursor = collection.find(filter, { hint }).sort({ _id: 1 }).limit(limit);
      const documents = await onMongodb(() => cursor.toArray());
      const filings = documents.flatMap(({ _id, version, value, fields: stored }) => {
        const shouldBe = fieldsOf(value);
        if (isDeepStrictEqual(stored, shouldBe)) return [];
        return [{ updateOne: { filter: { _id, version }, update: { $set: { fields: shouldBe } } } }];
      });
      while (filings.length > 0) {
        const some = filings.splice(0, FILINGS_AT_ONCE);
        await onMongodb(() => collection.bulkWrite(some as never, { ordered: false }));
      }
      return documents.length === limit ? documents.at(-1)?._id : undefined;
    },
  };
}

/** A page's condition with the name of the index that serves it: the field first, then the key, which is the order. */
function pageFilter(query: DocumentPageQuery): { filter: Document; hint: string } {
  const { from, exclusive, to } = keyRange(query);
  const _id = { [exclusive ? "$gt" : "$gte"]: from, ...(to !== undefined && { $lt: to }) };
  const { where } = query;
  if (!where) return { filter: { _id }, hint: "_id_" };
  return { filter: { [`fields.${where.field}`]: conditionOf(where), _id }, hint: where.field };
}

function conditionOf(where: NonNullable<DocumentPageQuery["where"]>): Document {
  if ("equals" in where) return { $eq: where.equals };
  return "above" in where ? { $gt: where.above } : { $lt: where.below };
}
