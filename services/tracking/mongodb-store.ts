import type { Collection, Filter, IndexSpecification } from "mongodb";
import type { Clock } from "../runtime/clock.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { versionSource } from "../storage/document-version.ts";
import { casWriter } from "../storage/mongodb-cas-write.ts";
import type { MongodbDatabase } from "../storage/mongodb-database.ts";
import { distinctValues } from "../storage/mongodb-distinct.ts";
import { onMongodb } from "../storage/mongodb-errors.ts";
import { conflict, filedText } from "../storage/versioned-documents.ts";
import type { LedgerEntry, PushState, RegisteredPush, SenderId } from "./push.ts";
import { type HeldIndex, heldIndex, type PushIndex, pushIndex } from "./push-index.ts";
import type { PushKey } from "./push-key.ts";
import type { FloatingQuery, PushCountQuery, PushListQuery, PushStore, StoredPush } from "./store.ts";

interface PushDocument {
  readonly _id: PushKey;
  readonly version: number;
  readonly entry: LedgerEntry;
  readonly index: DocumentIndex;
}

/**
 * What a push is found by. A part with an index of its own is there only where it applies, so that sparse indexes hold
 * nothing else.
 */
interface DocumentIndex extends Partial<HeldIndex>, Partial<Omit<PushIndex, "floating" | "attributedBy">> {
  readonly floating?: {
    readonly app: string;
    readonly device: string;
    readonly sentMs: number;
    readonly token: string;
  };
  readonly attributedBy?: { readonly app: string; readonly fingerprint: string };
  /** {@link senderIdKey} of each of the sender's identifiers. */
  readonly senderIds?: readonly string[];
}

/** One index for each shape of query: equality, then range, in the order of its sort. */
const indexes: Readonly<Record<string, { readonly spec: IndexSpecification; readonly sparse: boolean }>> = {
  list: { spec: { "index.app": 1, "index.sentMs": -1, "index.token": -1 }, sparse: false },
  list_of_user: { spec: { "index.app": 1, "index.user": 1, "index.sentMs": -1, "index.token": -1 }, sparse: false },
  list_to_device: { spec: { "index.app": 1, "index.device": 1, "index.sentMs": -1, "index.token": -1 }, sparse: false },
  count: { spec: { "index.app": 1, "index.state": 1, "index.sentMs": 1 }, sparse: false },
  count_of_sender: {
    spec: { "index.app": 1, "index.senderIds": 1, "index.state": 1, "index.sentMs": 1 },
    sparse: false,
  },
  floating: {
    spec: {
      "index.floating.app": 1,
      "index.floating.device": 1,
      "index.floating.sentMs": 1,
      "index.floating.token": 1,
    },
    sparse: true,
  },
  attributed_by: { spec: { "index.attributedBy.app": 1, "index.attributedBy.fingerprint": 1 }, sparse: true },
  outstanding: { spec: { "index.outstandingMs": 1 }, sparse: true },
  held: { spec: { "index.lastReceiptMs": 1 }, sparse: true },
};

const collectionName = "pushes";
const states = ["sent", "delivered", "opened"] as const satisfies readonly PushState[];

/**
 * The push ledger in a MongoDB collection, whose indexes are created where they are missing. A save is one command
 * where {@link casWriter} can do so; each entry in it is atomic alone.
 */
export async function mongodbPushStore(database: MongodbDatabase, clock: Clock): Promise<PushStore> {
  const collection: Collection<PushDocument> = database.db.collection(collectionName);
  const write = await casWriter(database.db.collection(collectionName));
  const nextVersion = versionSource(clock);
  for (const [name, { spec, sparse }] of Object.entries(indexes)) {
    await onMongodb(() => collection.createIndex(spec, { name, sparse }));
  }

  return {
    async load(keys) {
      const found = await onMongodb(() => collection.find({ _id: { $in: [...keys] } }).toArray());
      return new Map(found.map(({ _id, version, entry }) => [_id, { version, value: entry }]));
    },
    async save(writes) {
      const versions = writes.map(({ expectedVersion }) => nextVersion(expectedVersion));
      const written = await write(
        writes.map(({ key, expectedVersion, entry }, i) => ({
          key,
          expectedVersion,
          replacement: { version: versions[i]!, entry, index: documentIndex(key, entry) },
        })),
      );
      return versions.map((version, i) => (written[i] ? version : conflict));
    },
    async remove(removals) {
      if (removals.length === 0) return 0;
      const operations = removals.map(({ key, version }) => ({ deleteOne: { filter: { _id: key, version } } }));
      return (await onMongodb(() => collection.bulkWrite(operations, { ordered: false }))).deletedCount;
    },

    async list(query) {
      const cursor = collection
        .find(listFilter(query))
        .sort({ "index.sentMs": -1, "index.token": -1 })
        .limit(query.limit);
      return (await onMongodb(() => cursor.toArray())).map(storedPush);
    },
    async floating(query) {
      const order = { "index.floating.sentMs": 1, "index.floating.token": 1 } as const;
      const cursor = collection.find(floatingFilter(query)).sort(order).limit(query.limit);
      return (await onMongodb(() => cursor.toArray())).map(storedPush);
    },
    floatingDeviceKeys({ app, after, limit }) {
      const filter = { "index.floating.app": app };
      return distinctValues(collection, { filter, field: "index.floating.device", hint: "floating", after, limit });
    },
    async countAttributedBy(app, fingerprints) {
      const taken = { "index.attributedBy.app": app, "index.attributedBy.fingerprint": { $in: [...fingerprints] } };
      const group = { _id: "$index.attributedBy.fingerprint", count: { $sum: 1 } };
      const cursor = collection.aggregate<{ _id: string; count: number }>([{ $match: taken }, { $group: group }]);
      const counts = new Map((await onMongodb(() => cursor.toArray())).map(({ _id, count }) => [_id, count]));
      return fingerprints.map((fingerprint) => counts.get(fingerprint) ?? 0);
    },
    async countByState(query) {
      const [sent = 0, delivered = 0, opened = 0] = await Promise.all(
        states.map((state) => onMongodb(() => collection.countDocuments(countFilter(query, state)))),
      );
      return { sent, delivered, opened };
    },

    async outstanding({ begunBeforeMs, limit }) {
      const filter = { "index.outstandingMs": { $lt: begunBeforeMs } };
      const cursor = collection.find(filter).sort({ "index.outstandingMs": 1 }).limit(limit);
      return (await onMongodb(() => cursor.toArray())).map(storedPush);
    },
    async expired({ lastReceiptBeforeMs, limit }) {
      const filter = { "index.lastReceiptMs": { $lt: lastReceiptBeforeMs } };
      const cursor = collection.find(filter, { projection: { version: 1 } }).limit(limit);
      return (await onMongodb(() => cursor.toArray())).map(({ _id, version }) => ({ key: _id, version }));
    },
    async keys({ app, afterToken, limit }) {
      const _id = { $gt: `${app}/${afterToken}` as PushKey, $lt: `${app}0` as PushKey };
      const cursor = collection.find({ _id }, { projection: { _id: 1 } }).sort({ _id: 1 });
      return (await onMongodb(() => cursor.limit(limit).toArray())).map((found) => found._id);
    },
    async filed(keys) {
      const found = await onMongodb(() => collection.find({ _id: { $in: [...keys] } }).toArray());
      return found.map(({ _id: key, entry, index }) => {
        return { key, entry, filedAs: filedText(index), shouldBeFiledAs: filedText(documentIndex(key, entry)) };
      });
    },
    healthy: () => database.healthy(),
  };
}

function documentIndex(key: PushKey, entry: LedgerEntry): DocumentIndex {
  if (entry.kind === "held") return heldIndex(entry);
  const { floating, attributedBy, ...index } = pushIndex(key, entry);
  const { app, token, sentMs } = index;
  return {
    ...index,
    ...(floating === undefined ? {} : { floating: { app, device: floating, sentMs, token } }),
    ...(attributedBy === undefined ? {} : { attributedBy: { app, fingerprint: attributedBy } }),
    senderIds: entry.senderIds.map(senderIdKey),
  };
}

/** One text for a name and a value, different for every pair. */
function senderIdKey({ name, value }: SenderId): string {
  return `${name.length}:${name}${value}`;
}

function listFilter({ app, appUserId, deviceToken, after }: PushListQuery): Filter<PushDocument> {
  return {
    "index.app": app,
    ...(appUserId === undefined ? {} : { "index.user": sha256Hex(appUserId) }),
    ...(deviceToken === undefined ? {} : { "index.device": deviceKeyOf(deviceToken) }),
    ...(after === undefined
      ? {}
      : {
          "index.sentMs": { $lte: after.sentMs },
          $or: [{ "index.sentMs": { $lt: after.sentMs } }, { "index.token": { $lt: after.trackingToken } }],
        }),
  };
}

function floatingFilter({ app, deviceKeys, fromMs, toMs, after }: FloatingQuery): Filter<PushDocument> {
  return {
    "index.floating.app": app,
    "index.floating.device": { $in: [...deviceKeys] },
    "index.floating.sentMs": { $gte: Math.max(fromMs, after?.sentMs ?? fromMs), $lte: toMs },
    ...(after === undefined
      ? {}
      : {
          $or: [
            { "index.floating.sentMs": { $gt: after.sentMs } },
            { "index.floating.token": { $gt: after.trackingToken } },
          ],
        }),
  };
}

function countFilter({ app, startMs, endMs, senderId }: PushCountQuery, state: PushState): Filter<PushDocument> {
  const sentMs = {
    ...(startMs === undefined ? {} : { $gte: startMs }),
    ...(endMs === undefined ? {} : { $lt: endMs }),
  };
  return {
    "index.app": app,
    ...(senderId === undefined ? {} : { "index.senderIds": senderIdKey(senderId) }),
    "index.state": state,
    ...(startMs === undefined && endMs === undefined ? {} : { "index.sentMs": sentMs }),
  };
}

/** Documents that queries other than `load` find are registered pushes: they search what only those have. */
function storedPush({ _id, version, entry }: PushDocument): StoredPush {
  return { key: _id, version, push: entry as RegisteredPush };
}
