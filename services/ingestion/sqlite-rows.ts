import type { SQLInputValue } from "node:sqlite";
import type { Attribution, NewEvent, StoredEvent } from "./event.ts";
import { deviceClassOf, userClassOf } from "./event-class.ts";
import type { AttributionChange } from "./store.ts";

/** A new event as the parameters of its insertion, but with its app's key. An array is cheap to copy between threads. */
export type NewEventRow = readonly [fingerprint: string, app: string, ...rest: SQLInputValue[]];

/** The parameters of `events.insert`, in the order of its columns. */
export function newEventRow(event: NewEvent): NewEventRow {
  return [
    event.fingerprint,
    event.app,
    event.effectiveMs,
    event.receivedMs,
    event.appUserId,
    userClassOf(event),
    event.deviceKey === "" ? null : event.deviceKey,
    deviceClassOf(event) ?? null,
    event.role,
    Number(event.late),
    Number(event.skewedFuture),
    event.sentAppUserId,
    event.eventName,
    event.eventTime,
    event.receivedMs,
    event.deviceToken,
    event.platform,
    Number(event.pushPermissionGranted),
    event.timezone,
    event.language,
    event.country,
    event.sessionId,
    event.surface,
    event.ip,
    event.userAgent,
    event.paramsJson,
    event.contextJson,
  ];
}

/** A change of attribution without the rest of the event. */
export interface AttributionRow {
  readonly fingerprint: string;
  readonly expectedAttributionVersion: number;
  readonly from: Attribution;
  readonly to: Attribution;
  readonly attributionVersion: number;
}

/** A change of attribution as the parameters of its update. */
export function attributionRow({
  event,
  appUserId,
  attributedBy,
  attributionVersion,
}: AttributionChange): AttributionRow {
  return {
    fingerprint: event.fingerprint,
    expectedAttributionVersion: event.attributionVersion,
    from: { appUserId: event.appUserId, attributedBy: event.attributedBy },
    to: { appUserId, attributedBy },
    attributionVersion,
  };
}

/** An event as the queries of sqlite-queries.ts select it. */
export type StoredEventRow = Omit<
  StoredEvent,
  "pending" | "late" | "skewedFuture" | "pushPermissionGranted" | "priors"
> & {
  readonly pending: number;
  readonly late: number;
  readonly skewedFuture: number;
  readonly pushPermissionGranted: number;
  readonly priors: string | null;
};

/** The event in a row. */
export function storedEventOf(row: StoredEventRow): StoredEvent {
  return {
    ...row,
    pending: row.pending === 1,
    late: row.late === 1,
    skewedFuture: row.skewedFuture === 1,
    pushPermissionGranted: row.pushPermissionGranted === 1,
    priors: parsePriors(row.priors),
  };
}

/** The attributions before, which a row has as JSON or not at all. */
export function parsePriors(text: string | null): Attribution[] {
  return text === null ? [] : (JSON.parse(text) as Attribution[]);
}
