import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError } from "mongodb";
import type { AppKey } from "../runtime/app-key.ts";
import { duplicateKey, onMongodb, writeErrors } from "../storage/mongodb-errors.ts";
import type { NewEvent, StoredEvent } from "./event.ts";
import { isSameAttribution, withPrior } from "./event.ts";
import { type EventDocument, newEventDocument, pendingDevice } from "./mongodb-documents.ts";
import type { AttributionChange, Completion, InsertOutcome, Removal } from "./store.ts";

type Events = Collection<EventDocument>;

/** One command. A server may count duplicates as inserted, so that only its write errors tell them. */
export async function insertEvents(events: Events, batch: readonly NewEvent[]): Promise<InsertOutcome[]> {
  const outcomes = batch.map((): InsertOutcome => "stored");
  if (batch.length === 0) return outcomes;
  try {
    await onMongodb(() => events.insertMany(batch.map(newEventDocument), { ordered: false }));
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = writeErrors(error);
    if (failures.some(({ code }) => code !== duplicateKey)) throw error;
    for (const { index } of failures) outcomes[index] = "duplicate";
  }
  return outcomes;
}

/** One command, whatever the versions; another one where not all of them were the expected ones. */
export async function completeEvents(events: Events, completions: readonly Completion[]): Promise<string[]> {
  const groups = Map.groupBy(completions, (each) => `${each.expectedAttributionVersion} ${each.attributionVersion}`);
  const updates = [...groups.values()].map((group): AnyBulkWriteOperation<EventDocument> => {
    const { expectedAttributionVersion, attributionVersion } = group[0]!;
    const _id = { $in: group.map(({ fingerprint }) => fingerprint) };
    return {
      updateMany: {
        filter: { _id, attributionVersion: expectedAttributionVersion },
        update: { $set: { attributionVersion }, $unset: { pending: "", priors: "" } },
      },
    };
  });
  if (await allMatched(events, updates, completions.length)) return [];
  const stored = await reread(
    events,
    completions.map(({ fingerprint }) => fingerprint),
  );
  const isCompleted = ({ fingerprint, attributionVersion }: Completion) => {
    const event = stored.get(fingerprint);
    return event?.attributionVersion === attributionVersion && event.pending === undefined;
  };
  return completions.filter((completion) => !isCompleted(completion)).map(({ fingerprint }) => fingerprint);
}

/** One command; another one where not all versions were the expected ones. */
export async function attributeEvents(
  events: Events,
  changes: readonly AttributionChange[],
  pendingSinceMs: number,
): Promise<string[]> {
  const updates = changes.map((change) => attributionUpdate(change, pendingSinceMs));
  if (await allMatched(events, updates, changes.length)) return [];
  const stored = await reread(
    events,
    changes.map(({ event }) => event.fingerprint),
  );
  const isWritten = (change: AttributionChange) => {
    const event = stored.get(change.event.fingerprint);
    return (
      event?.attributionVersion === change.attributionVersion &&
      isSameAttribution({ attributedBy: "", ...event }, change)
    );
  };
  return changes.filter((change) => !isWritten(change)).map(({ event }) => event.fingerprint);
}

function attributionUpdate(change: AttributionChange, pendingSinceMs: number): AnyBulkWriteOperation<EventDocument> {
  const { event, appUserId, attributedBy, attributionVersion } = change;
  const [prior] = withPrior([], event, change);
  const device = event.deviceKey === "" ? {} : { "pending.device": pendingDevice(event.app, event.deviceKey) };
  return {
    updateOne: {
      filter: { _id: event.fingerprint, attributionVersion: event.attributionVersion },
      update: {
        $set: { appUserId, attributionVersion, ...device, ...(attributedBy !== "" && { attributedBy }) },
        ...(attributedBy === "" && { $unset: { attributedBy: "" } }),
        $min: { "pending.since": pendingSinceMs },
        ...(prior !== undefined && { $addToSet: { priors: prior } }),
      },
    },
  };
}

/** One command. */
export async function expireEvents(events: Events, app: AppKey, expired: readonly StoredEvent[]): Promise<number> {
  if (expired.length === 0) return 0;
  const removals = expired.map(({ fingerprint, attributionVersion }) => ({
    deleteOne: { filter: { _id: fingerprint, app, attributionVersion, pending: { $exists: false } } },
  }));
  return (await onMongodb(() => events.bulkWrite(removals, { ordered: false }))).deletedCount;
}

/** One command. */
export async function removeEvents(
  events: Events,
  { app, fingerprints, appUserId, receivedUpToMs }: Removal,
): Promise<number> {
  if (fingerprints.length === 0) return 0;
  const filter = { _id: { $in: [...fingerprints] }, app, appUserId, receivedMs: { $lte: receivedUpToMs } };
  const { deletedCount } = await onMongodb(() => events.deleteMany(filter));
  return deletedCount;
}

async function allMatched(
  events: Events,
  updates: AnyBulkWriteOperation<EventDocument>[],
  expected: number,
): Promise<boolean> {
  if (expected === 0) return true;
  const { matchedCount } = await onMongodb(() => events.bulkWrite(updates, { ordered: false }));
  return matchedCount === expected;
}

type Attributed = Pick<EventDocument, "_id" | "attributionVersion" | "appUserId" | "attributedBy" | "pending">;

async function reread(events: Events, fingerprints: readonly string[]): Promise<Map<string, Attributed>> {
  const projection = { attributionVersion: 1, appUserId: 1, attributedBy: 1, pending: 1 };
  const found = events.find({ _id: { $in: [...fingerprints] } }, { projection });
  return new Map((await onMongodb(() => found.toArray())).map((event) => [event._id, event]));
}
