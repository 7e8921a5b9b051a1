import { hash } from "node:crypto";
import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NewEvent } from "../../../services/ingestion/event.ts";
import { eventPrograms } from "../../../services/ingestion/sqlite-programs.ts";
import { newEventRow } from "../../../services/ingestion/sqlite-rows.ts";
import type { AppKey } from "../../../services/runtime/app-key.ts";

/** Rows of one transaction. */
const INSERT = 100_000;
const SAY_EVERY = 1_000_000;
/** The cache while filling. */
const CACHE_KIB = 4_000_000;
export const USERS = 50_000;
const NAMES = 40;
const YEAR_MS = 365 * 86_400_000;
/**
 * So many of the events come when the indexes are there: an index that was made of sorted entries has no room in its
 * pages, where one that grew has.
 */
const WITH_INDEXES = 0.1;

export interface FillOptions {
  readonly app: AppKey;
  readonly events: number;
  say(line: string): void;
}

/** Stores events of a year, their effects done, in the file of one process that is not running. */
export function fillEvents(dataDir: string, { app, events, say }: FillOptions): void {
  const db = new DatabaseSync(join(dataDir, "carillon.sqlite"));
  db.exec(
    `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = FILE`,
  );
  eventPrograms.migrate(db);
  eventPrograms.prepare(db).writes.insert([newEventRow(template(app, Date.now()))]);
  db.exec("CREATE TEMP TABLE users (number INTEGER PRIMARY KEY, token TEXT NOT NULL, key BLOB NOT NULL)");
  const addUser = db.prepare("INSERT INTO users VALUES (?, ?, unhex(?))");
  db.exec("BEGIN");
  for (let user = 0; user < USERS; user++) addUser.run(user, tokenOf(user), hash("sha256", tokenOf(user), "hex"));
  db.exec("COMMIT");
  const insert = db.prepare(insertSql(db));
  const since = performance.now();

  function insertUpTo(end: number, from: number): void {
    for (let at = from; at < end; at += INSERT) {
      const to = Math.min(at + INSERT, end);
      insert.run({ from: at, to, nowMs: Date.now() });
      if (Math.floor(to / SAY_EVERY) === Math.floor(at / SAY_EVERY)) continue;
      const perSecond = (to / (performance.now() - since)) * 1_000;
      say(`${to} events, ${Math.round(perSecond)} a second, ${Math.round((events - to) / perSecond)} s left`);
    }
  }

  const indexes = db.prepare("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index'").all();
  for (const { name } of indexes) db.exec(`DROP INDEX ${String(name)}`);
  const sorted = Math.floor(events * (1 - WITH_INDEXES));
  insertUpTo(sorted, 1);
  for (const { name, sql } of indexes) {
    db.exec(String(sql));
    say(`index ${String(name)} after ${Math.round((performance.now() - since) / 1_000)} s`);
  }
  insertUpTo(events, Math.max(1, sorted));
  db.exec("UPDATE events SET pending_since = NULL WHERE pending_since IS NOT NULL");
  db.close();
  // Nothing of this is left to write when something is measured.
  const file = openSync(join(dataDir, "carillon.sqlite"), "r+");
  fsyncSync(file);
  closeSync(file);
  say(`${events} events stored in ${Math.round((performance.now() - since) / 1_000)} s`);
}

/** Copies of the first event, each with another user, name and time, in no order of time. */
function insertSql(db: DatabaseSync): string {
  const time = `($nowMs - (n * 7919777) % ${YEAR_MS})`;
  const own: Record<string, string> = {
    fingerprint: "randomblob(32)",
    effective_ms: time,
    received_ms: time,
    event_time: `strftime('%Y-%m-%dT%H:%M:%fZ', ${time} / 1000.0, 'unixepoch')`,
    pending_since: "NULL",
    app_user_id: "'stored_user_' || users.number",
    sent_app_user_id: "'stored_user_' || users.number",
    device_key: "users.key",
    device_token: "users.token",
    event_name: `'stored_event_' || (n % ${NAMES})`,
    session_id: "'sess_' || (n >> 4)",
    params_json: `'{"product_id":"SKU-' || n || '","amount":49.99,"currency":"USD"}'`,
  };
  const columns = db.prepare("SELECT name FROM pragma_table_info('events') WHERE name <> 'id'").all();
  const names = columns.map(({ name }) => String(name));
  return `WITH RECURSIVE numbers (n) AS (SELECT $from UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $to)
    INSERT INTO events (${names.join(", ")})
    SELECT ${names.map((name) => own[name] ?? `template.${name}`).join(", ")}
    FROM numbers CROSS JOIN users ON users.number = n % ${USERS}
    CROSS JOIN events AS template ON template.id = (SELECT min(id) FROM events)`;
}

function tokenOf(user: number): string {
  return `stored-device-${user}-subscription`;
}

function template(app: AppKey, nowMs: number): NewEvent {
  return {
    app,
    fingerprint: hash("sha256", "stored", "hex"),
    role: "identified",
    late: false,
    skewedFuture: false,
    effectiveMs: nowMs,
    receivedMs: nowMs,
    sentAppUserId: "stored_user_0",
    appUserId: "stored_user_0",
    eventName: "stored_event_0",
    eventTime: new Date(nowMs).toISOString(),
    deviceToken: tokenOf(0),
    deviceKey: hash("sha256", tokenOf(0), "hex"),
    platform: "android",
    pushPermissionGranted: true,
    timezone: "Europe/Istanbul",
    language: "tr",
    country: "TR",
    sessionId: "sess_0",
    paramsJson: '{"product_id":"SKU-0","amount":49.99,"currency":"USD"}',
    contextJson: "{}",
    surface: "smartapppush",
    ip: "",
    userAgent: "",
  };
}
