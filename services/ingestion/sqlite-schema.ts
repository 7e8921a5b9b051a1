import type { DatabaseSync } from "node:sqlite";

/**
 * Tables of the event store. Fingerprints and device keys are 32 bytes instead of 64 characters and apps are numbers:
 * an insertion costs what its index pages cost, and that made it 1.5 times as fast.
 */
const tables = `
CREATE TABLE IF NOT EXISTS event_apps (id INTEGER PRIMARY KEY, app TEXT NOT NULL UNIQUE);

CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  app INTEGER NOT NULL,
  effective_ms INTEGER NOT NULL,
  pending_since INTEGER,           -- milliseconds; null where no effects are outstanding
  attribution_version INTEGER NOT NULL DEFAULT 0,
  app_user_id TEXT NOT NULL,
  attributed_by BLOB NOT NULL DEFAULT x'',
  priors TEXT,                     -- JSON, null where there are none
  user_class INTEGER NOT NULL,
  device_key BLOB,                 -- null where the event names no device
  device_class INTEGER,
  role TEXT NOT NULL,
  late INTEGER NOT NULL,
  skewed_future INTEGER NOT NULL,
  sent_app_user_id TEXT NOT NULL,
  event_name TEXT NOT NULL,
  event_time TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  device_token TEXT NOT NULL,
  platform TEXT NOT NULL,
  push_permission_granted INTEGER NOT NULL,
  timezone TEXT NOT NULL,
  language TEXT NOT NULL,
  country TEXT NOT NULL,
  session_id TEXT NOT NULL,
  surface TEXT NOT NULL,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  params_json TEXT NOT NULL,
  context_json TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS event_definitions (
  app INTEGER NOT NULL, event_name TEXT NOT NULL, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,
  PRIMARY KEY (app, event_name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS event_parameters (
  app INTEGER NOT NULL, event_name TEXT NOT NULL, parameter TEXT NOT NULL, type TEXT NOT NULL,
  PRIMARY KEY (app, event_name, parameter, type)
) WITHOUT ROWID;
`;

/** Each index, for the queries named beside it; sqlite-queries.ts names the index that a query reads. */
const indexes = `
-- insert, get, complete, attribute
CREATE UNIQUE INDEX IF NOT EXISTS events_by_fingerprint ON events (fingerprint);
-- profileState, list by user, users
CREATE INDEX IF NOT EXISTS events_by_user ON events (app, app_user_id, user_class, effective_ms, fingerprint);
-- floating, borderAtOrAfter, deviceEventBefore, list by device, deviceKeys
CREATE INDEX IF NOT EXISTS events_by_device ON events (app, device_key, device_class, effective_ms, fingerprint)
  WHERE device_key IS NOT NULL;
-- list by name, count of a definition
CREATE INDEX IF NOT EXISTS events_by_name ON events (app, event_name, effective_ms, fingerprint);
-- list without a filter but time, listBefore
CREATE INDEX IF NOT EXISTS events_by_time ON events (app, effective_ms, fingerprint);
-- countAttributedBy
CREATE INDEX IF NOT EXISTS events_by_cause ON events (app, attributed_by) WHERE attributed_by <> x'';
-- listPending, oldestPendingMs
CREATE INDEX IF NOT EXISTS events_pending ON events (pending_since) WHERE pending_since IS NOT NULL;
-- pendingOfDevices
CREATE INDEX IF NOT EXISTS events_pending_by_device ON events (app, device_key) WHERE pending_since IS NOT NULL;
`;

/** Creates what is missing. */
export function createEventTables(db: DatabaseSync): void {
  db.exec(tables);
  db.exec(indexes);
}
