import { type EventPosition, isBefore } from "./event-position.ts";
import { type Extent, hull } from "./extent.ts";
import { currentToken, type TokenChain } from "./tokens.ts";

/** What is kept of one device: a few extremes of its events, never the events (decision 0001). */
export interface Device extends TokenChain {
  /** Latest live device event. */
  readonly latest: LatestEvent | null;
  /** Where the latest live device event was when it was erased, if it was; what it said is not kept. */
  readonly erased: ErasedEvent | null;
  /** Latest live identified event: the highest border. */
  readonly latestIdentified: EventPosition | null;
  /** Where floating things lie: anonymous events (late ones too), events by hash, pushes to an anonymous owner. */
  readonly floating: Extent | null;
  /** Greatest effective time of an event by hash, milliseconds. */
  readonly hashToMs: number | null;
  /** Whether a live device event or an accepted refresh has named it. */
  readonly known: boolean;
  /** Users whose events on the device take nothing, ascending. */
  readonly unlinked: readonly string[];
  readonly invalidReports: readonly InvalidReport[];
  /** Attribution that is due. */
  readonly due: Due | null;
  /** Accepted refreshes whose new token may still have a document of its own. */
  readonly joining: readonly Joining[];
  /** 1 at first, greater with every save. */
  readonly revision: number;
}

/** What a live device event says. */
export interface LatestEvent extends EventPosition {
  /** Empty if anonymous. */
  readonly appUserId: string;
  /** Whether it says that its user is no longer there. */
  readonly leaves: boolean;
  readonly attributes: DeviceAttributes;
}

/** Place of a device event that was the latest until it was erased. */
export interface ErasedEvent extends EventPosition {
  /** Milliseconds since 1970. */
  readonly erasedMs: number;
}

export interface DeviceAttributes {
  readonly platform: string;
  readonly pushPermissionGranted: boolean;
  readonly timezone: string;
  readonly language: string;
  readonly country: string;
}

/** A provider's report that a token no longer works. */
export interface InvalidReport {
  readonly token: string;
  /** Greatest receipt, milliseconds. */
  readonly receivedMs: number;
}

/** Where floating things may have changed hands. */
export interface Due extends Extent {
  /** Revision that last widened it. */
  readonly revision: number;
  /** When that was, milliseconds. */
  readonly sinceMs: number;
}

/** A join that is to be completed. */
export interface Joining {
  /** Where the other device was filed when the refresh was accepted. */
  readonly key: string;
  /** When it was taken on, milliseconds. */
  readonly sinceMs: number;
}

/** A device of which nothing is known. */
export const noDevice: Device = {
  tokens: [],
  refreshes: [],
  latest: null,
  erased: null,
  latestIdentified: null,
  floating: null,
  hashToMs: null,
  known: false,
  unlinked: [],
  invalidReports: [],
  due: null,
  joining: [],
  revision: 0,
};

/**
 * User of the latest live device event; empty if it is anonymous or says that its user left (semantics, Device). Where
 * a later one was erased, nobody: the owner before that must not hear of what goes on there.
 */
export function owner(device: Device): string {
  const { latest, erased } = device;
  if (latest === null || latest.leaves) return "";
  return erased !== null && isBefore(latest, erased) ? "" : latest.appUserId;
}

/** The owner as of a place after the latest live device event. */
export function ownerBefore(device: Device, position: EventPosition): string {
  const { erased } = device;
  return owner(erased !== null && isBefore(position, erased) ? { ...device, erased: null } : device);
}

/**
 * Whether a push can reach the device: permission granted, and its current token not reported invalid since the
 * latest live device event (semantics, Device).
 */
export function isDeliverable(device: Device): boolean {
  const { latest } = device;
  if (!latest?.attributes.pushPermissionGranted) return false;
  const token = currentToken(device);
  if (token === "") return false;
  const report = device.invalidReports.find((candidate) => candidate.token === token);
  return report === undefined || report.receivedMs < latest.effectiveMs;
}

/** The next revision of a device, with `moved` added to what is due. */
export function revised(change: {
  readonly device: Device;
  readonly moved: Extent | null;
  readonly nowMs: number;
}): Device {
  const { device, moved, nowMs } = change;
  const revision = device.revision + 1;
  const range = moved === null ? null : hull(device.due, moved);
  return range === null
    ? { ...device, revision }
    : { ...device, revision, due: { fromMs: range.fromMs, toMs: range.toMs, revision, sinceMs: nowMs } };
}

/** The device once the attribution due at a revision is applied; the same where more has become due since. */
export function settled(device: Device, dueRevision: number): Device {
  if (device.due === null || device.due.revision > dueRevision) return device;
  return { ...device, due: null, revision: device.revision + 1 };
}

/** The device with a user's events on it taking nothing, or taking again; the same where nothing changes. */
export function withLink(
  device: Device,
  link: { readonly appUserId: string; readonly linked: boolean; readonly nowMs: number },
): Device {
  const { appUserId, linked, nowMs } = link;
  if (device.unlinked.includes(appUserId) !== linked) return device;
  const others = device.unlinked.filter((user) => user !== appUserId);
  const unlinked = linked ? others : [...others, appUserId].sort();
  return revised({ device: { ...device, unlinked }, moved: device.floating, nowMs });
}

/** The device with a provider's report about one of its tokens; the same where a later report of it is known. */
export function withInvalidReport(device: Device, report: InvalidReport): Device {
  const before = device.invalidReports.find(({ token }) => token === report.token);
  if (before !== undefined && before.receivedMs >= report.receivedMs) return device;
  const others = device.invalidReports.filter((other) => other !== before);
  const invalidReports = [...others, report].sort((a, b) => (a.token < b.token ? -1 : 1));
  return { ...device, invalidReports, revision: device.revision + 1 };
}
