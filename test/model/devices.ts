import { type Accepted, type AcceptedPush, nothingRemains, type PushReport } from "./accepted.ts";
import { inOrder, type Place, type TimedEvent } from "./order.ts";

/** One or more tokens joined by accepted refreshes. */
export interface ModelDevice {
  readonly tokens: string[];
  readonly rootToken: string;
  readonly currentToken: string;
  /** Live device events in order. */
  readonly timeline: TimedEvent[];
  /** Users whose events take nothing. */
  readonly unlinked: Set<string>;
  /** Where the latest event was when it was erased. */
  readonly erased: Place | undefined;
  /** Receipt of the last report that the current token is invalid. */
  readonly invalidMs: number | undefined;
}

/** A device as operators see it, and its root token. */
export interface DeviceView {
  readonly tokens: string[];
  readonly rootToken: string;
  readonly ownerAppUserId: string;
  readonly pushPermissionGranted: boolean;
  readonly platform: string;
  readonly language: string;
  readonly country: string;
  readonly timezone: string;
  readonly deliverable: boolean;
}

const nothingSaid = { pushPermissionGranted: false, platform: "", language: "", country: "", timezone: "" };

/** Semantics, Device: the devices that live events or refreshes have made known. */
export function devicesOf(accepted: Accepted, events: readonly TimedEvent[]): ModelDevice[] {
  const live = events.filter((event) => event.kind === "device" && !event.late);
  const known = [
    ...live.map((event) => event.deviceToken),
    ...accepted.refreshes.flatMap(({ oldToken, newToken }) => [oldToken, newToken]),
  ];
  return joined(new Set(known), accepted.refreshes).map((tokens) => {
    const pairs = accepted.refreshes.filter(({ oldToken }) => tokens.has(oldToken));
    const notReplaced = [...tokens].filter((token) => !pairs.some(({ oldToken }) => oldToken === token));
    const notProduced = [...tokens].filter((token) => !pairs.some(({ newToken }) => newToken === token));
    const currentToken = notReplaced.length === 1 ? notReplaced[0]! : pairs.at(-1)!.newToken;
    const ofDevice = ({ deviceToken }: { readonly deviceToken: string }) => tokens.has(deviceToken);
    return {
      tokens: [...tokens].sort(),
      currentToken,
      rootToken: notProduced.length === 1 ? notProduced[0]! : pairs[0]!.oldToken,
      timeline: live.filter(ofDevice).sort(inOrder),
      unlinked: new Set(accepted.unlinks.filter(ofDevice).map(({ appUserId }) => appUserId)),
      erased: (accepted.remains ?? nothingRemains).places.filter(ofDevice).sort(inOrder).at(-1),
      invalidMs: invalidTokens(accepted).get(currentToken),
    };
  });
}

/** The device that has a token. */
export function deviceOf(devices: readonly ModelDevice[], token: string): ModelDevice | undefined {
  return devices.find(({ tokens }) => tokens.includes(token));
}

/** Who owns a device after the part of its timeline before a place, or after all of it. */
export function ownerOf(device: ModelDevice, before?: Place): string {
  const isBefore = (place: Place) => before === undefined || inOrder(place, before) < 0;
  const latest = device.timeline.filter(isBefore).at(-1);
  if (latest === undefined || latest.eventName === "logged_out") return "";
  // A later event was erased: whose session it was, the earlier owner has left by then.
  const { erased } = device;
  return erased !== undefined && isBefore(erased) && inOrder(latest, erased) < 0 ? "" : latest.sentAppUserId;
}

/** By current token. */
export function deviceViews(devices: readonly ModelDevice[]): Map<string, DeviceView> {
  return new Map(devices.map((device) => [device.currentToken, deviceView(device)]));
}

function deviceView(device: ModelDevice): DeviceView {
  const { tokens, rootToken, timeline, invalidMs } = device;
  const latest = timeline.at(-1);
  const { pushPermissionGranted, platform, language, country, timezone } = latest ?? nothingSaid;
  const isInvalid = latest !== undefined && invalidMs !== undefined && invalidMs >= latest.effectiveMs;
  const attributes = { pushPermissionGranted, platform, language, country, timezone };
  const deliverable = pushPermissionGranted && !isInvalid;
  return { tokens, rootToken, ownerAppUserId: ownerOf(device), ...attributes, deliverable };
}

/** Sets of tokens that refreshes join. */
function joined(tokens: ReadonlySet<string>, refreshes: Accepted["refreshes"]): Set<string>[] {
  const groups: Set<string>[] = [];
  for (const token of tokens) {
    const group = new Set([token]);
    for (let grown = true; grown; ) {
      const size = group.size;
      for (const { oldToken, newToken } of refreshes)
        if (group.has(oldToken) || group.has(newToken)) group.add(oldToken).add(newToken);
      grown = group.size > size;
    }
    if (!groups.some((known) => known.has(token))) groups.push(group);
  }
  return groups;
}

/** Receipt of the last report of each token that a provider has refused. */
function invalidTokens({ pushes, reports = [], remains = nothingRemains }: Accepted): Map<string, number> {
  const last = new Map<string, number>();
  for (const { deviceToken, receivedMs } of [...remains.invalidTokens, ...invalidTokenReports(pushes, reports)])
    last.set(deviceToken, Math.max(receivedMs, last.get(deviceToken) ?? receivedMs));
  return last;
}

/** A report says which push was refused; the push says which token. */
export function invalidTokenReports(pushes: readonly AcceptedPush[], reports: readonly PushReport[]) {
  return pushes.flatMap((push) =>
    reports
      .filter((report) => report.of === "invalid token" && reportApplies(report, push))
      .map(({ receivedMs }) => ({ deviceToken: push.deviceToken, receivedMs })),
  );
}

const HELD_MS = 72 * 3_600_000;

/** Semantics, Push ledger: a report is held for 72 h until its push is registered. */
export function reportApplies(report: PushReport, { trackingToken, registeredMs }: AcceptedPush): boolean {
  return report.trackingToken === trackingToken && report.receivedMs >= registeredMs - HELD_MS;
}
