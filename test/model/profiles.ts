import { deviceOf, type ModelDevice, ownerOf } from "./devices.ts";
import { inOrder, type TimedEvent } from "./order.ts";

export interface ProfileView {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly language: string;
  readonly country: string;
  readonly timezone: string;
  readonly platform: string;
}

/** An event and the user whom it is attributed to. */
export type OwnedEvent = TimedEvent & { readonly appUserId: string };

/** Semantics, Profile; by user. */
export function profilesOf(events: readonly OwnedEvent[]): Map<string, ProfileView> {
  const live = events.filter(({ appUserId, late }) => appUserId !== "" && !late);
  const users = new Set(live.map(({ appUserId }) => appUserId));
  return new Map([...users].map((user) => [user, profileOf(live.filter(({ appUserId }) => appUserId === user))]));
}

function profileOf(events: readonly OwnedEvent[]): ProfileView {
  const own = [...events].sort(inOrder);
  const latest = own.filter(({ kind }) => kind === "device").at(-1);
  const { language, country, timezone, platform } = latest ?? { language: "", country: "", timezone: "", platform: "" };
  return {
    firstSeenMs: own[0]!.effectiveMs,
    lastSeenMs: own.at(-1)!.effectiveMs,
    language,
    country,
    timezone,
    platform,
  };
}

/** Whom the `anon:` id of a token leads to; undefined where it leads to nobody. */
export function anonymousIdMeans(
  token: string,
  { devices, events }: { readonly devices: readonly ModelDevice[]; readonly events: readonly OwnedEvent[] },
): string | undefined {
  const device = deviceOf(devices, token);
  if (device === undefined) return undefined;
  const live = events.filter(({ appUserId, late }) => appUserId !== "" && !late);
  const anonymous = `anon:${device.rootToken}`;
  if (live.some(({ appUserId }) => appUserId === anonymous)) return anonymous;
  const latest = live
    .filter(({ deviceToken }) => device.tokens.includes(deviceToken))
    .sort(inOrder)
    .at(-1);
  return ownerOf(device) || latest?.appUserId;
}
