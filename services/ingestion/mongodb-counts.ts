import type { Collection } from "mongodb";
import type { AppKey } from "../runtime/app-key.ts";
import { onMongodb } from "../storage/mongodb-errors.ts";
import type { EventDocument } from "./mongodb-documents.ts";
import type { EventIndex } from "./mongodb-queries.ts";

/** One command; reads an index entry and, for the app, the event of each that is counted. */
export async function countByCause(
  events: Collection<EventDocument>,
  app: AppKey,
  fingerprints: readonly string[],
): Promise<number[]> {
  if (fingerprints.length === 0) return [];
  const pipeline = [
    { $match: { attributedBy: { $in: [...fingerprints] }, app } },
    { $group: { _id: "$attributedBy", events: { $sum: 1 } } },
  ];
  const hint: EventIndex = "by_cause";
  const found = events.aggregate<{ readonly _id: string; readonly events: number }>(pipeline, { hint });
  const counts = new Map((await onMongodb(() => found.toArray())).map((each) => [each._id, each.events]));
  return fingerprints.map((fingerprint) => counts.get(fingerprint) ?? 0);
}
