import { createHash } from "node:crypto";
import type { AppCalls } from "../app-calls.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Key of the device that a token is filed under. */
export const device = (shop: AppCalls, token: string) => `${shop.app.tenantId}/${shop.app.appId}/${sha256(token)}`;
/** Key of a profile, a push or a journal entry. */
export const user = (shop: AppCalls, id: string) => `${shop.app.tenantId}/${shop.app.appId}/${id}`;

/** What `furnish` answers. */
type Ids = Record<string, string>;
/** Something stored that is changed behind the system's back. */
export interface Corruption {
  readonly what: string;
  /** `kind field` of every difference that follows. */
  readonly found: readonly string[];
  /** What the statement changes, with the values after it. */
  corrupt(
    shop: AppCalls,
    ids: Ids,
  ): readonly [service: "device" | "ingestion" | "identity" | "tracking", sql: string, ...values: string[]];
}

const setDevice =
  (path: string, value: string): Corruption["corrupt"] =>
  (shop) => [
    "device",
    `UPDATE devices SET value = json_set(value, '$.device.${path}', ${value}) WHERE key IN (?, ?)`,
    device(shop, "phone"),
    device(shop, "phone-2"),
  ];
const fileDevice =
  (token: string, assignment: string): Corruption["corrupt"] =>
  (shop) => ["device", `UPDATE devices SET ${assignment} WHERE key = ?`, device(shop, token)];
const setEvent =
  (id: string, assignment: string): Corruption["corrupt"] =>
  (_shop, ids) => ["ingestion", `UPDATE events SET ${assignment} WHERE fingerprint = unhex(?)`, ids[id]!];

/** One of every kind of state that is kept. */
export const corruptions: readonly Corruption[] = [
  {
    what: "a device's latest event",
    found: ["device index", "device latest"],
    corrupt: setDevice("latest.appUserId", "'eve'"),
  },
  {
    what: "what a device says of itself",
    found: ["device latest"],
    corrupt: setDevice("latest.attributes.platform", "'web'"),
  },
  {
    what: "a device's highest border",
    found: ["device latestIdentified"],
    corrupt: setDevice("latestIdentified.effectiveMs", "7"),
  },
  {
    what: "a device's border, lost",
    found: ["device latestIdentified"],
    corrupt: setDevice("latestIdentified", "NULL"),
  },
  {
    what: "whether a device is known",
    found: ["device index", "device known"],
    corrupt: setDevice("known", "json('false')"),
  },
  { what: "a device's tokens", found: ["device tokens"], corrupt: setDevice("tokens", "json('[\"phone\"]')") },
  {
    what: "a token that is no device's",
    found: ["device tokens"],
    corrupt: setDevice("tokens", 'json(\'["phone","phone-2","x"]\')'),
  },
  { what: "where things float", found: ["device floating"], corrupt: setDevice("floating", "NULL") },
  { what: "until where things float", found: ["device floating"], corrupt: setDevice("floating.toMs", "1") },
  { what: "the last event by hash", found: ["device hashToMs"], corrupt: setDevice("hashToMs", "NULL") },
  { what: "whom a device is found by", found: ["device index"], corrupt: fileDevice("watch", "field_owner = 'eve'") },
  { what: "an owner who is not found", found: ["device index"], corrupt: fileDevice("watch", "field_owner = NULL") },
  {
    what: "a device that is not found among those that can be reached",
    found: ["device index"],
    corrupt: fileDevice("pad", "field_deliverable = 0"),
  },
  {
    what: "a device that is found as one with something outstanding",
    found: ["device index"],
    corrupt: fileDevice("watch", "field_unsettledSince = 1"),
  },
  {
    what: "an unlink that an erasure would not find",
    found: ["device index"],
    corrupt: fileDevice("pad", "field_unlinking = NULL"),
  },
  {
    what: "a device, lost",
    found: ["unknown_device device"],
    corrupt: (shop) => ["device", "DELETE FROM devices WHERE key = ?", device(shop, "never")],
  },
  {
    what: "a range that nobody settles",
    found: ["device index", "overdue due"],
    corrupt: setDevice("due", 'json(\'{"fromMs":1,"toMs":2,"revision":1,"sinceMs":1}\')'),
  },
  {
    what: "whom an anonymous event belongs to",
    found: ["event attribution"],
    corrupt: setEvent("past2", "app_user_id = 'fay'"),
  },
  {
    what: "on whose account an event belongs to somebody",
    found: ["event attribution", "journal entry"],
    corrupt: setEvent("past2", "attributed_by = x''"),
  },
  {
    what: "whom an event by hash belongs to",
    found: ["event attribution"],
    corrupt: setEvent("hash", "app_user_id = 'fay'"),
  },
  {
    what: "whom an event that names its user belongs to",
    found: ["event attribution"],
    corrupt: setEvent("middle", "app_user_id = 'fay'"),
  },
  {
    what: "an event that is pending for long",
    found: ["overdue effects"],
    corrupt: setEvent("middle", "pending_since = 1"),
  },
  {
    what: "whom a push belongs to",
    found: ["push attribution", "push index"],
    corrupt: (shop, ids) => [
      "tracking",
      "UPDATE pushes SET entry = json_set(entry, '$.appUserId', 'bob') WHERE key = ?",
      user(shop, ids.push!),
    ],
  },
  {
    what: "when a user was first seen",
    found: ["profile profile"],
    corrupt: (shop) => [
      "identity",
      "UPDATE profiles SET value = json_set(value, '$.state.firstSeenMs', 1) WHERE key = ?",
      user(shop, "ann"),
    ],
  },
  {
    what: "a user's attributes",
    found: ["profile profile"],
    corrupt: (shop) => [
      "identity",
      "UPDATE profiles SET value = json_set(value, '$.state.attributes.country', 'FR') WHERE key = ?",
      user(shop, "bob"),
    ],
  },
  {
    what: "a profile, lost",
    found: ["profile profile"],
    corrupt: (shop) => ["identity", "DELETE FROM profiles WHERE key = ?", user(shop, "cyd")],
  },
  {
    what: "a profile of nobody",
    found: ["profile profile"],
    corrupt: (shop) => [
      "identity",
      "INSERT INTO profiles (key, version, value) SELECT ?, 1, value FROM profiles WHERE key = ?",
      user(shop, "eve"),
      user(shop, "ann"),
    ],
  },
  {
    what: "how much a login took",
    found: ["journal entry"],
    corrupt: (shop, ids) => [
      "identity",
      "UPDATE merges SET value = json_set(value, '$.eventCount', 9) WHERE key = ?",
      user(shop, ids.login!),
    ],
  },
  {
    what: "a journal entry, lost",
    found: ["journal entry"],
    corrupt: (shop, ids) => ["identity", "DELETE FROM merges WHERE key = ?", user(shop, ids.login!)],
  },
  {
    what: "when an event name was first seen",
    found: ["definition definition"],
    corrupt: () => [
      "ingestion",
      "UPDATE event_definitions SET first_seen_ms = first_seen_ms + 1 WHERE event_name = 'bought'",
    ],
  },
  {
    what: "an event name, lost",
    found: ["definition definition"],
    corrupt: () => ["ingestion", "DELETE FROM event_definitions WHERE event_name = 'logged_out'"],
  },
  {
    what: "a parameter of an event name, lost",
    found: ["definition definition"],
    corrupt: () => ["ingestion", "DELETE FROM event_parameters WHERE parameter = 'a$.b'"],
  },
  {
    what: "that an open implies a delivery",
    found: ["push index", "push state"],
    corrupt: (shop, ids) => [
      "tracking",
      "UPDATE pushes SET entry = json_remove(entry, '$.deliveredMs'), state = 'sent' WHERE key = ?",
      user(shop, ids.opened!),
    ],
  },
  {
    what: "what a push is found by",
    found: ["push index"],
    corrupt: (shop, ids) => ["tracking", "UPDATE pushes SET app = NULL WHERE key = ?", user(shop, ids.opened!)],
  },
  {
    what: "a push that is not found by its campaign",
    found: ["push index"],
    corrupt: (shop, ids) => [
      "tracking",
      "DELETE FROM push_sender_ids WHERE name = 'campaign' AND push = (SELECT id FROM pushes WHERE key = ?)",
      user(shop, ids.opened!),
    ],
  },
  {
    what: "a push that is found by another campaign too",
    found: ["push index"],
    corrupt: (shop, ids) => [
      "tracking",
      `INSERT INTO push_sender_ids (app, name, value, sent_ms, push)
        SELECT app, 'campaign', 'winter', sent_ms, id FROM pushes WHERE key = ?`,
      user(shop, ids.opened!),
    ],
  },
  {
    what: "when a campaign's push was sent",
    found: ["push index"],
    corrupt: (shop, ids) => [
      "tracking",
      "UPDATE push_sender_ids SET sent_ms = 1 WHERE push = (SELECT id FROM pushes WHERE key = ?)",
      user(shop, ids.opened!),
    ],
  },
  {
    what: "a refused token that its device does not know of",
    found: ["device index", "push invalidToken"],
    corrupt: (shop) => [
      "device",
      "UPDATE devices SET value = json_set(value, '$.device.invalidReports', json('[]')) WHERE key = ?",
      device(shop, "watch"),
    ],
  },
  {
    what: "a push that is pending for long",
    found: ["overdue effects"],
    corrupt: (shop, ids) => [
      "tracking",
      "UPDATE pushes SET entry = json_set(entry, '$.attributionPending', json('true'), '$.pendingSinceMs', 1, '$.begunMs', 1), outstanding_ms = 1 WHERE key = ?",
      user(shop, ids.push!),
    ],
  },
  {
    what: "a refused token that was never told",
    found: ["overdue effects"],
    corrupt: (shop, ids) => [
      "tracking",
      "UPDATE pushes SET entry = json_set(json_remove(entry, '$.invalidTokenToldMs'), '$.invalidTokenMs', 1), outstanding_ms = json_extract(entry, '$.begunMs') WHERE key = ?",
      user(shop, ids.refused!),
    ],
  },
  {
    what: "whose journal an entry is found in",
    found: ["journal index"],
    corrupt: (shop, ids) => ["identity", "UPDATE merges SET field_user = 'eve' WHERE key = ?", user(shop, ids.login!)],
  },
  {
    what: "a journal entry that its device's list does not find",
    found: ["journal index"],
    corrupt: (shop, ids) => ["identity", "UPDATE merges SET field_device = NULL WHERE key = ?", user(shop, ids.login!)],
  },
  {
    what: "a journal entry of an event that took nothing",
    found: ["journal entry", "journal index"],
    corrupt: (shop, ids) => [
      "identity",
      "INSERT INTO merges (key, version, value) SELECT ?, 1, value FROM merges WHERE key = ?",
      user(shop, ids.middle!),
      user(shop, ids.login!),
    ],
  },
];
