import { type Collection, type Document, MongoBulkWriteError } from "mongodb";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";
import { duplicateKey, onMongodb, writeErrors } from "./mongodb-errors.ts";

/** Replaces the contents of the document `key` if its `version` is the expected one; 0: if there is none. */
export interface CasWrite {
  readonly key: string;
  readonly expectedVersion: number;
  /** Includes the new `version`. */
  readonly replacement: Document;
}

/**
 * The `_id` that an update asks for in case it would insert. An update that finds no document of its key and version
 * must neither insert nor pass unnoticed in the total that MongoDB answers. So every update may insert, but with an
 * `_id` that contradicts its filter: such an insert fails, and its error names the update's position. MongoDB does so with
 * code 66. A server that takes the other `_id` instead makes that document when {@link casWriter} looks at how the server
 * answers, and finds it a duplicate from then on.
 */
const nowhere = 0;
const immutableField = 66;

const conflictCodes = new Set([duplicateKey, immutableField]);

type Operation = ReturnType<typeof toOperation>;

function toOperation({ key, expectedVersion, replacement }: CasWrite) {
  const onInsert = expectedVersion === 0 ? {} : { $setOnInsert: { _id: nowhere } };
  const update = { $set: replacement, ...onInsert };
  return { updateOne: { filter: { _id: key, version: expectedVersion }, update, upsert: true } };
}

/**
 * Writes documents by compare-and-swap: whether each was written, in order; keys are distinct. Rejects with
 * {@link StoreUnavailableError} when the outcome is not known.
 */
export type CasWriter = (writes: readonly CasWrite[]) => Promise<boolean[]>;

/**
 * A writer that takes one command whatever it writes, on servers that go on after an update that fails and name each of
 * those, as MongoDB does. Others (FerretDB 1 stops at the first, and gets its position wrong) get one document a command.
 */
export async function casWriter(collection: Collection): Promise<CasWriter> {
  const nobody = { key: "", expectedVersion: -1, replacement: { version: 0 } };
  const { tried } = await tryAll(collection, [nobody, nobody].map(toOperation));
  if (tried === 2) return (writes) => writeAll(collection, writes);
  return async (writes) => (await Promise.all(writes.map((write) => writeAll(collection, [write])))).flat();
}

async function writeAll(collection: Collection, writes: readonly CasWrite[]): Promise<boolean[]> {
  if (writes.length === 0) return [];
  const { tried, conflicts } = await tryAll(collection, writes.map(toOperation));
  if (tried !== writes.length) {
    const message = `MongoDB answers for ${tried} of ${writes.length} updates`;
    throw new StoreUnavailableError(message, { reason: "failed" });
  }
  return writes.map((_, index) => !conflicts.has(index));
}

interface Outcome {
  /** How many operations the server answers for. */
  readonly tried: number;
  /** The positions of those that found another version. */
  readonly conflicts: ReadonlySet<number>;
}

async function tryAll(collection: Collection, operations: Operation[]): Promise<Outcome> {
  try {
    const result = await onMongodb(() => collection.bulkWrite(operations as never, { ordered: false }));
    return { tried: result.matchedCount + result.upsertedCount, conflicts: new Set() };
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const errors = writeErrors(error);
    if (errors.some(({ code }) => !conflictCodes.has(code))) throw error;
    const tried = error.matchedCount + error.upsertedCount + errors.length;
    return { tried, conflicts: new Set(errors.map(({ index }) => index)) };
  }
}
