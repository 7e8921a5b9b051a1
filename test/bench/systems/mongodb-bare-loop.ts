import type { IncomingEvent } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { newEvent } from "../../../services/ingestion/incoming-event.ts";
import { type EventDocument, newEventDocument } from "../../../services/ingestion/mongodb-documents.ts";
import { eventIndexes } from "../../../services/ingestion/mongodb-queries.ts";
import type { MongodbDatabase } from "../../../services/storage/mongodb-database.ts";

interface Kept {
  readonly _id: string;
  readonly version: number;
  readonly value: object;
  readonly fields: object;
}

/**
 * The same inserts and guarded updates that the services make of a batch, straight through the driver and with the same
 * indexes: five commands, one after the other where the services wait, without messages, decisions or checks.
 */
export async function bareLoop({ db }: MongodbDatabase): Promise<(events: IncomingEvent[]) => Promise<void>> {
  const events = db.collection<EventDocument>("events");
  const devices = db.collection<Kept>("devices");
  const profiles = db.collection<Kept>("profiles");
  const definitions = db.collection<{ readonly _id: string }>("event_definitions");
  for (const index of eventIndexes) await events.createIndexes([{ ...index }]);
  for (const field of ["owner", "deliverable", "unsettledSince"])
    await devices.createIndex({ [`fields.${field}`]: 1, _id: 1 });
  await profiles.createIndex({ "fields.removedAtMs": 1, _id: 1 });
  const versions = new Map<string, number>();

  /** One guarded update a document; its new version is the time, as the services' is. */
  function replacements(documents: Map<string, { readonly value: object; readonly fields: object }>) {
    return [...documents].map(([_id, document]) => {
      const known = versions.get(_id) ?? 0;
      const version = Math.max(known + 1, Date.now());
      versions.set(_id, version);
      const onInsert = known === 0 ? {} : { $setOnInsert: { _id: 0 as never } };
      return {
        updateOne: {
          filter: { _id, version: known },
          update: { $set: { version, ...document }, ...onInsert },
          upsert: true,
        },
      };
    });
  }

  return async (batch) => {
    const stored = batch.map(newEvent);
    await events.insertMany(stored.map(newEventDocument), { ordered: false });
    const byDevice = new Map(stored.map((event) => [`device/${event.app}/${event.deviceKey}`, deviceOf(event)]));
    await devices.bulkWrite(replacements(byDevice), { ordered: false });
    const byUser = new Map(stored.map((event) => [`${event.app}/${event.appUserId}`, profileOf(event)]));
    const byName = new Map(stored.map((event) => [`${event.app}/${event.eventName}`, event]));
    await Promise.all([
      profiles.bulkWrite(replacements(byUser), { ordered: false }),
      definitions.bulkWrite(
        [...byName].map(([_id, { eventName, effectiveMs }]) => ({
          updateOne: {
            filter: { _id },
            update: {
              $setOnInsert: { eventName },
              $min: { firstSeenMs: effectiveMs },
              $max: { lastSeenMs: effectiveMs },
            },
            upsert: true,
          },
        })),
        { ordered: false },
      ),
    ]);
    const _id = { $in: stored.map(({ fingerprint }) => fingerprint) };
    await events.updateMany(
      { _id, attributionVersion: 0 },
      { $set: { attributionVersion: 0 }, $unset: { pending: "", priors: "" } },
    );
  };
}

type Event = ReturnType<typeof newEvent>;

/** As large as what the device service keeps of a device with one token. */
function deviceOf(event: Event) {
  const { effectiveMs, fingerprint, appUserId, platform, pushPermissionGranted, timezone, language, country } = event;
  const attributes = { platform, pushPermissionGranted, timezone, language, country };
  const device = {
    tokens: [event.deviceToken],
    refreshes: [],
    latest: { effectiveMs, fingerprint, appUserId, leaves: false, attributes },
    erased: null,
    latestIdentified: { effectiveMs, fingerprint },
    floating: null,
    hashToMs: null,
    known: true,
    unlinked: [],
    invalidReports: [],
    due: null,
    joining: [],
    revision: 1,
  };
  return { value: { kind: "device", device }, fields: { owner: appUserId, deliverable: 1, unsettledSince: null } };
}

/** As large as what the identity service keeps of a user. */
function profileOf({ effectiveMs: t, fingerprint, platform, timezone, language, country }: Event) {
  const attributes = { t, fingerprint, platform, timezone, language, country };
  return { value: { state: { firstSeenMs: t, lastSeenMs: t, attributes } }, fields: { removedAtMs: null } };
}
