import type { Collection, Document } from "mongodb";
import { onMongodb } from "./mongodb-errors.ts";

/** Index entries read at once. */
const PAGE = 1_000;

export interface DistinctQuery {
  /** Equalities on what stands before the field in the index. */
  readonly filter: Readonly<Record<string, string>>;
  /** Path of a field that has strings. */
  readonly field: string;
  /** Name of the index. */
  readonly hint: string;
  /** Only values greater than this. */
  readonly after: string;
  readonly limit: number;
}

/**
 * Distinct values of a field, ascending by code points, read from an index alone: a page of entries at a time, and past
 * all the others of a value that fills a page.
 */
export async function distinctValues<D extends Document>(
  collection: Collection<D>,
  { filter, field, hint, after, limit }: DistinctQuery,
): Promise<string[]> {
  const entries = collection as unknown as Collection<Document>;
  const found: string[] = [];
  for (let read = PAGE; read === PAGE && found.length < limit; ) {
    const range = { ...filter, [field]: { $gt: found.at(-1) ?? after } };
    const cursor = entries.find(range, { projection: { _id: 0, [field]: 1 }, hint }).sort({ [field]: 1 });
    const page = await onMongodb(() => cursor.limit(PAGE).toArray());
    for (const entry of page) {
      const value = valueAt(entry, field);
      if (value !== found.at(-1)) found.push(value);
    }
    read = page.length;
  }
  return found.slice(0, limit);
}

function valueAt(document: Document, field: string): string {
  return field.split(".").reduce<unknown>((at, name) => (at as Document)[name], document) as string;
}
