import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { limitSql } from "../storage/sqlite-limit.ts";
import { defineSqlitePrograms } from "../storage/sqlite-programs.ts";
import type { SenderId } from "./push.ts";

/** An entry as it is read. */
export interface PushRow {
  readonly key: string;
  readonly version: number;
  /** The entry as JSON. */
  readonly entry: string;
}

/** What an entry is found by. Columns that do not apply are null. */
export interface PushColumns {
  readonly app: string | null;
  readonly token: string | null;
  readonly user: string | null;
  readonly device: string | null;
  readonly floating: string | null;
  readonly attributedBy: string | null;
  readonly sentMs: number | null;
  readonly state: string | null;
  readonly outstandingMs: number | null;
  readonly lastReceiptMs: number | null;
}

/** One of its sender's identifiers that a push is found by. */
export interface SenderIdRow extends SenderId {
  readonly app: string;
  readonly sentMs: number;
}

/** An entry with all that it is found by. */
export interface FiledRow extends PushRow, PushColumns {
  /** In order of their names. */
  readonly senderIds: readonly SenderIdRow[];
}

/** An entry to write. */
export interface PushRowWrite extends FiledRow {
  readonly expectedVersion: number;
}

/** A place in the order of (sent time, token). */
export interface RowPosition {
  readonly sentMs: number;
  readonly token: string;
}

export interface RowListQuery {
  readonly app: string;
  readonly user: string | undefined;
  readonly device: string | undefined;
  readonly after: RowPosition | undefined;
  readonly limit: number;
}

export interface RowFloatingQuery {
  readonly app: string;
  readonly devices: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly after: RowPosition | undefined;
  readonly limit: number;
}

export interface RowCountQuery {
  readonly app: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly senderId: SenderId | undefined;
}

// Each index is named for the query that it serves; unregistered pushes are in none but the last.
const schema = `
CREATE TABLE IF NOT EXISTS pushes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  entry TEXT NOT NULL,
  app TEXT, token TEXT, user TEXT, device TEXT, floating TEXT, attributed_by TEXT,
  sent_ms INTEGER, state TEXT, outstanding_ms INTEGER, last_receipt_ms INTEGER
);
CREATE INDEX IF NOT EXISTS pushes_list ON pushes (app, sent_ms, token, state) WHERE app IS NOT NULL;
CREATE INDEX IF NOT EXISTS pushes_of_user ON pushes (app, user, sent_ms, token) WHERE app IS NOT NULL;
CREATE INDEX IF NOT EXISTS pushes_to_device ON pushes (app, device, sent_ms, token) WHERE app IS NOT NULL;
CREATE INDEX IF NOT EXISTS pushes_floating ON pushes (app, floating, sent_ms, token) WHERE floating IS NOT NULL;
CREATE INDEX IF NOT EXISTS pushes_attributed_by ON pushes (app, attributed_by) WHERE attributed_by IS NOT NULL;
CREATE INDEX IF NOT EXISTS pushes_outstanding ON pushes (outstanding_ms) WHERE outstanding_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS pushes_held ON pushes (last_receipt_ms) WHERE last_receipt_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS push_sender_ids (
  app TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, sent_ms INTEGER NOT NULL, push INTEGER NOT NULL,
  PRIMARY KEY (app, name, value, sent_ms, push)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS push_sender_ids_of_push ON push_sender_ids (push);
`;

const assignments = `version = :version, entry = :entry, app = :app, token = :token, user = :user, device = :device,
  floating = :floating, attributed_by = :attributedBy, sent_ms = :sentMs, state = :state,
  outstanding_ms = :outstandingMs, last_receipt_ms = :lastReceiptMs`;
const columns = "key, version, entry";

/** The push ledger in SQLite. */
export const pushPrograms = defineSqlitePrograms({
  name: "tracking.pushes",
  migrate: (db) => db.exec(schema),
  prepare: (db) => ({ writes: writePrograms(db), reads: readPrograms(db) }),
});

function writePrograms(db: DatabaseSync) {
  const insert = db.prepare(`INSERT INTO pushes
    (key, version, entry, app, token, user, device, floating, attributed_by, sent_ms, state, outstanding_ms, last_receipt_ms)
    VALUES (:key, :version, :entry, :app, :token, :user, :device, :floating, :attributedBy, :sentMs, :state, :outstandingMs, :lastReceiptMs)
    ON CONFLICT (key) DO NOTHING RETURNING id`);
  const update = db.prepare(
    `UPDATE pushes SET ${assignments} WHERE key = :key AND version = :expectedVersion RETURNING id`,
  );
  const addSenderId = db.prepare(
    "INSERT OR IGNORE INTO push_sender_ids (app, name, value, sent_ms, push) VALUES (?, ?, ?, ?, ?)",
  );
  const remove = db.prepare("DELETE FROM pushes WHERE key = ? AND version = ? RETURNING id");
  const storedSenderIds = db.prepare(senderIdsSql);
  const removeSenderIds = db.prepare("DELETE FROM push_sender_ids WHERE push = ?");

  function saveOne({ senderIds, expectedVersion, ...row }: PushRowWrite): boolean {
    const written = expectedVersion === 0 ? insert.get(row) : update.get({ ...row, expectedVersion });
    if (written === undefined) return false;
    if (expectedVersion !== 0) {
      // They change only where an external sender's push turns out to have been reported earlier.
      if (JSON.stringify(senderIdRows(storedSenderIds, written.id!)) === JSON.stringify(senderIds)) return true;
      removeSenderIds.run(written.id!);
    }
    for (const { app, name, value, sentMs } of senderIds) addSenderId.run(app, name, value, sentMs, written.id!);
    return true;
  }

  return {
    /** Whether each was written. */
    save: (writes: readonly PushRowWrite[]): boolean[] => writes.map(saveOne),
    /** How many were removed. */
    remove(removals: readonly { readonly key: string; readonly version: number }[]): number {
      let removed = 0;
      for (const { key, version } of removals) {
        const row = remove.get(key, version);
        if (row === undefined) continue;
        removeSenderIds.run(row.id!);
        removed++;
      }
      return removed;
    },
  };
}

function readPrograms(db: DatabaseSync) {
  const keys = db.prepare(`SELECT key FROM pushes WHERE key > ? AND key < ? ORDER BY key ${limitSql("?")}`);
  const senderIds = db.prepare(senderIdsSql);
  const filed = db.prepare(`SELECT id, ${columns}, app, token, user, device, floating, attributed_by AS attributedBy,
      sent_ms AS sentMs, state, outstanding_ms AS outstandingMs, last_receipt_ms AS lastReceiptMs
    FROM pushes WHERE key = ?`);
  const load = db.prepare(`SELECT ${columns} FROM pushes WHERE key = ?`);
  const floating = db.prepare(`SELECT ${columns}, sent_ms AS sentMs, token FROM pushes INDEXED BY pushes_floating
    WHERE app = ? AND floating = ? AND sent_ms BETWEEN ? AND ? AND (sent_ms, token) > (?, ?)
    ORDER BY sent_ms, token ${limitSql("?")}`);
  const nextFloatingDevice = db.prepare(`SELECT floating AS key FROM pushes INDEXED BY pushes_floating
    WHERE app = ? AND floating > ? ORDER BY floating LIMIT 1`);
  const attributedBy = db.prepare("SELECT count(*) AS count FROM pushes WHERE app = ? AND attributed_by = ?");
  const outstanding = db.prepare(
    `SELECT ${columns} FROM pushes WHERE outstanding_ms < ? ORDER BY outstanding_ms ${limitSql("?")}`,
  );
  const expired = db.prepare(`SELECT key, version FROM pushes WHERE last_receipt_ms < ? ${limitSql("?")}`);
  const list = {
    all: db.prepare(listSql("pushes_list", "")),
    user: db.prepare(listSql("pushes_of_user", "AND user = :user")),
    device: db.prepare(listSql("pushes_to_device", "AND device = :device")),
    both: db.prepare(listSql("pushes_of_user", "AND user = :user AND device = :device")),
  };
  const countAll = db.prepare(`SELECT state, count(*) AS count FROM pushes INDEXED BY pushes_list
    WHERE app = ? AND sent_ms >= ? AND sent_ms < ? GROUP BY state`);
  const countOfSender = db.prepare(`SELECT state, count(*) AS count FROM push_sender_ids AS ids JOIN pushes ON id = push
    WHERE ids.app = ? AND name = ? AND value = ? AND ids.sent_ms >= ? AND ids.sent_ms < ? GROUP BY state`);

  return {
    load: (keys: readonly string[]): PushRow[] => keys.flatMap((key) => rows<PushRow>(load, [key])),
    list({ app, user, device, after, limit }: RowListQuery): PushRow[] {
      const statement =
        list[user === undefined ? (device === undefined ? "all" : "device") : device === undefined ? "user" : "both"];
      const bounds = { afterMs: after?.sentMs ?? Number.MAX_SAFE_INTEGER, afterToken: after?.token ?? "" };
      const filters = { ...(user === undefined ? {} : { user }), ...(device === undefined ? {} : { device }) };
      return statement.all({ app, ...filters, ...bounds, limit }) as unknown as PushRow[];
    },
    floating({ app, devices, fromMs, toMs, after, limit }: RowFloatingQuery): PushRow[] {
      const start = after ?? { sentMs: fromMs, token: "" };
      return devices
        .flatMap((device) =>
          rows<PushRow & RowPosition>(floating, [
            app,
            device,
            Math.max(fromMs, start.sentMs),
            toMs,
            start.sentMs,
            start.token,
            limit,
          ]),
        )
        .sort((a, b) => a.sentMs - b.sentMs || (a.token < b.token ? -1 : 1))
        .slice(0, limit)
        .map(({ key, version, entry }) => ({ key, version, entry }));
    },
    /** One look-up for each key, however many pushes it has. */
    floatingDeviceKeys({ app, after, limit }: { app: string; after: string; limit: number }): string[] {
      const keys: string[] = [];
      while (keys.length < limit) {
        const next = rows<{ key: string }>(nextFloatingDevice, [app, keys.at(-1) ?? after])[0];
        if (next === undefined) break;
        keys.push(next.key);
      }
      return keys;
    },
    countAttributedBy: ({ app, fingerprints }: { app: string; fingerprints: readonly string[] }): number[] =>
      fingerprints.map((fingerprint) => rows<{ count: number }>(attributedBy, [app, fingerprint])[0]!.count),
    countByState({ app, startMs, endMs, senderId }: RowCountQuery): { state: string; count: number }[] {
      if (senderId === undefined) return rows(countAll, [app, startMs, endMs]);
      return rows(countOfSender, [app, senderId.name, senderId.value, startMs, endMs]);
    },
    outstanding: ({ beforeMs, limit }: { beforeMs: number; limit: number }): PushRow[] =>
      rows(outstanding, [beforeMs, limit]),
    keys: ({ after, before, limit }: { after: string; before: string; limit: number }): string[] =>
      rows<{ key: string }>(keys, [after, before, limit]).map(({ key }) => key),
    filed: (ofKeys: readonly string[]): FiledRow[] =>
      ofKeys
        .flatMap((key) => rows<PushRow & PushColumns & { readonly id: number }>(filed, [key]))
        .map(({ id, ...row }) => ({ ...row, senderIds: senderIdRows(senderIds, id) })),
    expired: ({ beforeMs, limit }: { beforeMs: number; limit: number }): Omit<PushRow, "entry">[] =>
      rows(expired, [beforeMs, limit]),
  };
}

function listSql(index: string, filters: string): string {
  return `SELECT ${columns} FROM pushes INDEXED BY ${index}
    WHERE app = :app ${filters} AND (sent_ms, token) < (:afterMs, :afterToken)
    ORDER BY sent_ms DESC, token DESC ${limitSql(":limit")}`;
}

const senderIdsSql = "SELECT app, name, value, sent_ms AS sentMs FROM push_sender_ids WHERE push = ? ORDER BY value";

/** As they are stored, in order of their names as JavaScript has it. */
function senderIdRows(statement: StatementSync, push: SQLInputValue): SenderIdRow[] {
  return rows<SenderIdRow>(statement, [push]).sort((a, b) => (a.name < b.name ? -1 : a.name === b.name ? 0 : 1));
}

function rows<R>(statement: StatementSync, parameters: SQLInputValue[]): R[] {
  return statement.all(...parameters) as unknown as R[];
}
