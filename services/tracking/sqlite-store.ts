import type { Clock } from "../runtime/clock.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { versionSource } from "../storage/document-version.ts";
import type { SqliteDatabase } from "../storage/sqlite-database.ts";
import { conflict, filedText } from "../storage/versioned-documents.ts";
import type { LedgerEntry, RegisteredPush } from "./push.ts";
import { heldIndex, pushIndex } from "./push-index.ts";
import { type PushKey, parsePushKey } from "./push-key.ts";
import {
  type PushColumns,
  type PushRow,
  type PushRowWrite,
  pushPrograms,
  type RowPosition,
  type SenderIdRow,
} from "./sqlite-programs.ts";
import type { PushPosition, PushStore, StoredPush } from "./store.ts";

/** The push ledger in tables of a SQLite database. A save is one transaction, although the port promises less. */
export async function sqlitePushStore(database: SqliteDatabase, clock: Clock): Promise<PushStore> {
  const programs = await database.load(pushPrograms);
  const nextVersion = versionSource(clock);

  return {
    async load(keys) {
      const found = await programs.load(keys);
      return new Map(found.map(({ key, version, entry }) => [key as PushKey, { version, value: JSON.parse(entry) }]));
    },
    async save(writes) {
      const rows = writes.map(({ key, expectedVersion, entry }) =>
        rowWrite(key, entry, { expectedVersion, version: nextVersion(expectedVersion) }),
      );
      const written = await programs.save(rows);
      return rows.map(({ version }, i) => (written[i] ? version : conflict));
    },
    remove: (removals) => programs.remove(removals.map(({ key, version }) => ({ key, version }))),

    async list({ app, appUserId, deviceToken, after, limit }) {
      const user = appUserId === undefined ? undefined : sha256Hex(appUserId);
      const device = deviceToken === undefined ? undefined : deviceKeyOf(deviceToken);
      return (await programs.list({ app, user, device, after: rowPosition(after), limit })).map(storedPush);
    },
    async floating({ app, deviceKeys, fromMs, toMs, after, limit }) {
      const query = { app, devices: deviceKeys, fromMs, toMs, after: rowPosition(after), limit };
      return (await programs.floating(query)).map(storedPush);
    },
    floatingDeviceKeys: (query) => programs.floatingDeviceKeys(query),
    countAttributedBy: (app, fingerprints) => programs.countAttributedBy({ app, fingerprints }),
    async countByState({ app, startMs = Number.MIN_SAFE_INTEGER, endMs = Number.MAX_SAFE_INTEGER, senderId }) {
      const counts = await programs.countByState({ app, startMs, endMs, senderId });
      return {
        sent: 0,
        delivered: 0,
        opened: 0,
        ...Object.fromEntries(counts.map(({ state, count }) => [state, count])),
      };
    },

    async outstanding({ begunBeforeMs, limit }) {
      return (await programs.outstanding({ beforeMs: begunBeforeMs, limit })).map(storedPush);
    },
    async expired({ lastReceiptBeforeMs, limit }) {
      const found = await programs.expired({ beforeMs: lastReceiptBeforeMs, limit });
      return found.map(({ key, version }) => ({ key: key as PushKey, version }));
    },
    async keys({ app, afterToken, limit }) {
      const after = `${app}/${afterToken}`;
      return (await programs.keys({ after, before: `${app}0`, limit })) as PushKey[];
    },
    async filed(keys) {
      return (await programs.filed(keys)).map(({ key, version: _, entry: json, senderIds, ...columns }) => {
        const entry = JSON.parse(json) as LedgerEntry;
        const filedAs = filedText({ ...columns, senderIds });
        const shouldBe = { ...columnsOf(key as PushKey, entry), senderIds: senderIdRows(key as PushKey, entry) };
        return { key: key as PushKey, entry, filedAs, shouldBeFiledAs: filedText(shouldBe) };
      });
    },
    healthy: () => database.healthy(),
  };
}

const noIndex: PushColumns = {
  app: null,
  token: null,
  user: null,
  device: null,
  floating: null,
  attributedBy: null,
  sentMs: null,
  state: null,
  outstandingMs: null,
  lastReceiptMs: null,
};

function rowWrite(
  key: PushKey,
  entry: LedgerEntry,
  versions: { readonly expectedVersion: number; readonly version: number },
): PushRowWrite {
  const senderIds = senderIdRows(key, entry);
  return { ...columnsOf(key, entry), key, ...versions, entry: JSON.stringify(entry), senderIds };
}

/** What a push is found by among those of one of its sender's identifiers, in order of their names. */
function senderIdRows(key: PushKey, entry: LedgerEntry): SenderIdRow[] {
  if (entry.kind === "held") return [];
  const { app } = parsePushKey(key);
  return entry.senderIds.map(({ name, value }) => ({ app, name, value, sentMs: entry.sentMs }));
}

function columnsOf(key: PushKey, entry: LedgerEntry): PushColumns {
  return { ...noIndex, ...(entry.kind === "held" ? heldIndex(entry) : pushIndex(key, entry)) };
}

/** Rows that queries other than `load` find are registered pushes: they search what only those have. */
function storedPush({ key, version, entry }: PushRow): StoredPush {
  return { key: key as PushKey, version, push: JSON.parse(entry) as RegisteredPush };
}

function rowPosition(after: PushPosition | undefined): RowPosition | undefined {
  return after === undefined ? undefined : { sentMs: after.sentMs, token: after.trackingToken };
}
