import type { Filter, IndexDescription } from "mongodb";
import type { AppKey } from "../runtime/app-key.ts";
import { deviceClass, userClass } from "./event-class.ts";
import type { OrderRange } from "./event-order.ts";
import { type EventDocument, pendingDevice, placeKey } from "./mongodb-documents.ts";
import type { EventFilter, PendingQuery } from "./store.ts";

/** A query with the name of the index that serves it: equalities first, then the order, which is also the range. */
export interface EventQuery {
  readonly filter: Filter<EventDocument>;
  readonly hint: EventIndex;
}

export type EventIndex = "by_user" | "by_device" | "by_name" | "by_time" | "by_cause" | "pending" | "pending_by_device";

/** What `_id` does not serve. The sparse ones hold only events that somebody took, and those with effects outstanding. */
export const eventIndexes: readonly (IndexDescription & { readonly name: EventIndex })[] = [
  { name: "by_user", key: { app: 1, appUserId: 1, userClass: 1, place: 1 } },
  { name: "by_device", key: { app: 1, deviceKey: 1, deviceClass: 1, place: 1 } },
  { name: "by_name", key: { app: 1, eventName: 1, place: 1 } },
  { name: "by_time", key: { app: 1, place: 1 } },
  { name: "by_cause", key: { attributedBy: 1 }, sparse: true },
  { name: "pending", key: { "pending.since": 1 }, sparse: true },
  { name: "pending_by_device", key: { "pending.device": 1 }, sparse: true },
];

/**
 * Events of devices, of some classes. Sorted by place, MongoDB merges the ranges of each device and class, which the
 * index has in that order.
 */
export function ofDevices(
  { app, deviceKeys }: { readonly app: AppKey; readonly deviceKeys: readonly string[] },
  classes: readonly number[],
  range: OrderRange,
): EventQuery {
  const filter = { app, deviceKey: { $in: [...deviceKeys] }, deviceClass: { $in: [...classes] }, place: within(range) };
  return { filter, hint: "by_device" };
}

/** Events attributed to a user, of some classes. */
export function ofUser(
  { app, appUserId }: { readonly app: AppKey; readonly appUserId: string },
  classes: readonly number[],
  range: OrderRange,
): EventQuery {
  return { filter: { app, appUserId, userClass: { $in: [...classes] }, place: within(range) }, hint: "by_user" };
}

/** Events that fit all filters, from the index that leaves the fewest to look at. */
export function listQuery(
  app: AppKey,
  { deviceKey, appUserId, eventName }: EventFilter,
  range: OrderRange,
): EventQuery {
  const byName = eventName === undefined ? {} : { eventName };
  if (deviceKey !== undefined) {
    const { filter, hint } = ofDevices({ app, deviceKeys: [deviceKey] }, Object.values(deviceClass), range);
    return { filter: { ...filter, ...byName, ...(appUserId !== undefined && { appUserId }) }, hint };
  }
  if (appUserId !== undefined) {
    const { filter, hint } = ofUser({ app, appUserId }, Object.values(userClass), range);
    return { filter: { ...filter, ...byName }, hint };
  }
  return { filter: { app, ...byName, place: within(range) }, hint: eventName === undefined ? "by_time" : "by_name" };
}

/** Events pending since before a time; to be sorted by `pending.since`. */
export function pendingWithin({
  afterMs = 0,
  beforeMs = Number.MAX_SAFE_INTEGER,
}: Omit<PendingQuery, "limit">): EventQuery {
  return { filter: { "pending.since": { $gt: afterMs, $lt: beforeMs } }, hint: "pending" };
}

/** Events whose effects are outstanding, by the devices that they are about. */
export function pendingOfDevices(app: AppKey, deviceKeys: readonly string[]): EventQuery {
  const devices = deviceKeys.map((deviceKey) => pendingDevice(app, deviceKey));
  return { filter: { "pending.device": { $in: devices } }, hint: "pending_by_device" };
}

function within({ after, before }: OrderRange): { readonly $gt: string; readonly $lt: string } {
  return { $gt: placeKey(after), $lt: placeKey(before) };
}
