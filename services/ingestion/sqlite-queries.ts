import { limitSql } from "../storage/sqlite-limit.ts";
import type { EventFilter } from "./store.ts";

/** The number of the app with the key `$app`. */
const appIdSql = "(SELECT id FROM event_apps WHERE app = $app)";

/** Which adjacent entries of which index a range query reads. */
export type EventSource = "device" | "user" | "name" | "time";

const sources: Record<EventSource, { readonly index: string; readonly equalities: string }> = {
  device: {
    index: "events_by_device",
    equalities: "device_key = unhex($deviceKey) AND device_class = $class",
  },
  user: { index: "events_by_user", equalities: "app_user_id = $appUserId AND user_class = $class" },
  name: { index: "events_by_name", equalities: "event_name = $eventName" },
  time: { index: "events_by_time", equalities: "TRUE" },
};

export interface RangeQueryShape {
  readonly source: EventSource;
  readonly direction: "ASC" | "DESC";
  /** Filters beyond those of the source, applied while scanning. */
  readonly remaining: readonly ("appUserId" | "eventName")[];
}

/** Where events lie in the order, within a range of it that leaves out both ends. */
export function rangeSql({ source, direction, remaining }: RangeQueryShape): string {
  const { index, equalities } = sources[source];
  const filters = remaining.map(
    (filter) => ` AND ${filter === "appUserId" ? "app_user_id = $appUserId" : "event_name = $eventName"}`,
  );
  return `SELECT id, effective_ms AS effectiveMs, lower(hex(fingerprint)) AS fingerprint FROM events INDEXED BY ${index}
    WHERE app = ${appIdSql} AND ${equalities}
      AND (effective_ms, fingerprint) > ($afterMs, unhex($afterFingerprint))
      AND (effective_ms, fingerprint) < ($beforeMs, unhex($beforeFingerprint))${filters.join("")}
    ORDER BY events.effective_ms ${direction}, events.fingerprint ${direction} ${limitSql("$limit")}`;
}

/** How a list with these filters is read: from the index that leaves the fewest events to look at. */
export function listShape({ appUserId, deviceKey, eventName }: EventFilter): RangeQueryShape {
  const byUser = appUserId === undefined ? [] : (["appUserId"] as const);
  const byName = eventName === undefined ? [] : (["eventName"] as const);
  if (deviceKey !== undefined) return { source: "device", direction: "DESC", remaining: [...byUser, ...byName] };
  if (appUserId !== undefined) return { source: "user", direction: "DESC", remaining: byName };
  return { source: eventName === undefined ? "time" : "name", direction: "DESC", remaining: [] };
}

const eventColumns = `(SELECT app FROM event_apps WHERE id = events.app) AS app, lower(hex(fingerprint)) AS fingerprint,
  effective_ms AS effectiveMs, pending_since IS NOT NULL AS pending, attribution_version AS attributionVersion,
  app_user_id AS appUserId, lower(hex(attributed_by)) AS attributedBy, priors, lower(hex(ifnull(device_key, x''))) AS deviceKey,
  role, late, skewed_future AS skewedFuture, sent_app_user_id AS sentAppUserId, event_name AS eventName,
  event_time AS eventTime, received_ms AS receivedMs, device_token AS deviceToken, platform,
  push_permission_granted AS pushPermissionGranted, timezone, language, country, session_id AS sessionId, surface, ip,
  user_agent AS userAgent, params_json AS paramsJson, context_json AS contextJson`;

/** All other reads, and the conditions of the writes. */
export const eventQueries = {
  byId: `SELECT ${eventColumns} FROM events WHERE id = $id`,
  byFingerprint: `SELECT ${eventColumns} FROM events WHERE fingerprint = unhex($fingerprint) AND app = ${appIdSql}`,
  pending: `SELECT ${eventColumns} FROM events INDEXED BY events_pending
    WHERE pending_since > $afterMs AND pending_since < $beforeMs ORDER BY pending_since ${limitSql("$limit")}`,
  oldestPending:
    "SELECT min(pending_since) AS since FROM events INDEXED BY events_pending WHERE pending_since IS NOT NULL",
  pendingOfDevice: `SELECT ${eventColumns} FROM events INDEXED BY events_pending_by_device
    WHERE app = ${appIdSql} AND device_key = unhex($deviceKey) AND pending_since IS NOT NULL ${limitSql("$limit")}`,
  attributionOf: `SELECT id, attribution_version AS attributionVersion, pending_since AS pendingSince, priors,
      app_user_id AS appUserId, lower(hex(attributed_by)) AS attributedBy
    FROM events WHERE fingerprint = unhex($fingerprint)`,
  complete: `UPDATE events SET pending_since = NULL, priors = NULL, attribution_version = $attributionVersion
    WHERE fingerprint = unhex($fingerprint) AND attribution_version = $expectedAttributionVersion`,
  attribute: `UPDATE events SET app_user_id = $appUserId, attributed_by = unhex($attributedBy),
      attribution_version = $attributionVersion, pending_since = $pendingSince, priors = $priors
    WHERE id = $id`,
  nextDeviceKey: `SELECT lower(hex(device_key)) AS value FROM events INDEXED BY events_by_device
    WHERE app = ${appIdSql} AND device_key > unhex($after) ORDER BY device_key LIMIT 1`,
  nextUser: `SELECT app_user_id AS value FROM events INDEXED BY events_by_user
    WHERE app = ${appIdSql} AND app_user_id > $after ORDER BY app_user_id LIMIT 1`,
  countByCause: `SELECT count(*) AS events FROM events INDEXED BY events_by_cause
    WHERE app = ${appIdSql} AND attributed_by = unhex($fingerprint) AND attributed_by <> x''`,
  remove: `DELETE FROM events WHERE fingerprint = unhex($fingerprint) AND app = ${appIdSql}
    AND app_user_id = $appUserId AND received_ms <= $receivedUpToMs`,
  expire: `DELETE FROM events WHERE fingerprint = unhex($fingerprint) AND app = ${appIdSql}
    AND attribution_version = $attributionVersion AND pending_since IS NULL`,
  definitions: `SELECT event_name AS eventName, first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs
    FROM event_definitions WHERE app = ${appIdSql} AND event_name > $afterName ORDER BY event_name ${limitSql("$limit")}`,
  definitionNamed: `SELECT event_name AS eventName, first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs
    FROM event_definitions WHERE app = ${appIdSql} AND event_name = $eventName`,
  definitionNames: `SELECT event_name AS eventName
    FROM event_definitions WHERE app = ${appIdSql} AND event_name > $afterName ORDER BY event_name ${limitSql("$limit")}`,
  parameters: `SELECT parameter AS name, type FROM event_parameters
    WHERE app = ${appIdSql} AND event_name = $eventName ORDER BY parameter, type`,
  // Reads an index entry for each event of the name: about 10 M entries a second, and only for the page that is asked for.
  countByName: `SELECT count(*) AS events FROM events INDEXED BY events_by_name
    WHERE app = ${appIdSql} AND event_name = $eventName`,
  /** The first parameter too many. */
  parameterBeyond: `SELECT DISTINCT parameter AS name FROM event_parameters
    WHERE app = $appId AND event_name = $eventName ORDER BY parameter LIMIT 1 OFFSET $kept`,
  removeParameters:
    "DELETE FROM event_parameters WHERE app = $appId AND event_name = $eventName AND parameter >= $name",
} as const;

export const insertEventSql = `INSERT INTO events (
    fingerprint, app, effective_ms, pending_since, app_user_id, user_class, device_key, device_class, role, late,
    skewed_future, sent_app_user_id, event_name, event_time, received_ms, device_token, platform,
    push_permission_granted, timezone, language, country, session_id, surface, ip, user_agent, params_json, context_json)
  VALUES (unhex(?), ?, ?, ?, ?, ?, unhex(?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (fingerprint) DO NOTHING`;
