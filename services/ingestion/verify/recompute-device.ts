import type { DeviceState } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { FloatingPush } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { Attribution, DeviceAttributes, EventCursor } from "../event.ts";
import type { TimelineEvent } from "./timeline-event.ts";

/** Everything that was accepted about one device. */
export interface DeviceInput {
  readonly events: readonly TimelineEvent[];
  readonly pushes: readonly FloatingPush[];
  /** What cannot be computed from events: accepted refreshes, unlinks in force, the place of an erased event. */
  readonly state: Pick<DeviceState, "refreshes" | "unlinkedAppUserIds" | "ownerErased">;
}

/** What follows from it. */
export interface RecomputedDevice {
  readonly tokens: readonly string[];
  readonly known: boolean;
  readonly latest: (EventCursor & LatestEvent) | null;
  readonly latestIdentified: EventCursor | null;
  readonly floating: { readonly fromMs: number; readonly toMs: number } | null;
  readonly hashToMs: number | null;
  /** Whom each event belongs to, by fingerprint. */
  readonly eventOwners: ReadonlyMap<string, Attribution>;
  /** Whom each push belongs to, by tracking token. */
  readonly pushOwners: ReadonlyMap<string, Attribution>;
}

export interface LatestEvent {
  readonly appUserId: string;
  readonly leaves: boolean;
  readonly attributes: DeviceAttributes;
}

/**
 * The state of a device, computed from all of its events in the plainest way: as contract/semantics.md has it, sharing
 * nothing with how the state is kept, so that a mistake there shows as a difference.
 */
export function recomputeDevice({ events, pushes, state }: DeviceInput): RecomputedDevice {
  const timeline = events.toSorted(inOrder);
  const live = timeline.filter(({ role, late }) => (role === "identified" || role === "anonymous") && !late);
  const borders = live.filter(({ role }) => role === "identified");
  const floating = timeline.filter(({ role }) => role === "anonymous" || role === "hash");
  const known = live.length > 0 || state.refreshes.length > 0;
  const tokens = tokensOf({ events, pushes, state });
  const anonymous: Attribution = { appUserId: `anon:${rootOf(tokens, state.refreshes)}`, attributedBy: "" };

  function takenAt(ms: number): Attribution {
    const border = borders.find(({ effectiveMs }) => effectiveMs >= ms);
    if (border === undefined || state.unlinkedAppUserIds.includes(border.sentAppUserId)) return anonymous;
    return { appUserId: border.sentAppUserId, attributedBy: border.fingerprint };
  }

  function ownerOf(event: TimelineEvent): Attribution {
    if (event.role === "identified" || event.role === "user")
      return { appUserId: event.sentAppUserId, attributedBy: "" };
    if (event.role === "anonymous") return takenAt(event.effectiveMs);
    if (!known) return { appUserId: "", attributedBy: "" };
    const owner = ownerBefore(event);
    return owner === "" ? takenAt(event.effectiveMs) : { appUserId: owner, attributedBy: "" };
  }

  function ownerBefore(place: EventCursor): string {
    const before = live.findLast((event) => inOrder(event, place) < 0);
    if (before === undefined || before.eventName === "logged_out") return "";
    if (state.ownerErased === undefined) return before.sentAppUserId;
    const { effectiveTimeMs: effectiveMs, fingerprint } = state.ownerErased;
    const erased = { effectiveMs, fingerprint };
    return inOrder(before, erased) < 0 && inOrder(erased, place) < 0 ? "" : before.sentAppUserId;
  }

  const latest = live.at(-1);
  const latestIdentified = borders.at(-1);
  const times = [...floating.map(({ effectiveMs }) => effectiveMs), ...pushes.map(({ sentTimeMs }) => sentTimeMs)];
  const hashTimes = floating.filter(({ role }) => role === "hash").map(({ effectiveMs }) => effectiveMs);
  return {
    tokens,
    known,
    latest: latest === undefined ? null : latestEventOf(latest),
    latestIdentified: latestIdentified === undefined ? null : placeOf(latestIdentified),
    floating: times.length === 0 ? null : { fromMs: least(times), toMs: greatest(times) },
    hashToMs: hashTimes.length === 0 ? null : greatest(hashTimes),
    eventOwners: new Map(timeline.map((event) => [event.fingerprint, ownerOf(event)])),
    pushOwners: new Map(pushes.map(({ trackingToken, sentTimeMs }) => [trackingToken, takenAt(sentTimeMs)])),
  };
}

/** What a live device event says of its device. */
export function latestEventOf(event: TimelineEvent): EventCursor & LatestEvent {
  const { sentAppUserId: appUserId, eventName } = event;
  const { platform, pushPermissionGranted, timezone, language, country } = event;
  const attributes = { platform, pushPermissionGranted, timezone, language, country };
  return { ...placeOf(event), appUserId, leaves: eventName === "logged_out", attributes };
}

/** Tokens that a device is known by: those of its refreshes, of its events and of pushes to its anonymous owner. */
export function tokensOf({ events, pushes, state }: DeviceInput): string[] {
  const named = events.filter(({ role, late }) => role === "anonymous" || (role === "identified" && !late));
  const tokens = [
    ...state.refreshes.flatMap(({ oldToken, newToken }) => [oldToken, newToken]),
    ...named.map(({ deviceToken }) => deviceToken),
    ...pushes.map(({ ownerToken }) => ownerToken),
  ];
  return [...new Set(tokens)].sort();
}

/** The token that no pair produces; where that leaves several or none, the old token of the pair accepted first. */
export function rootOf(tokens: readonly string[], refreshes: DeviceState["refreshes"]): string {
  const notProduced = tokens.filter((token) => refreshes.every(({ newToken }) => newToken !== token));
  if (notProduced.length === 1) return notProduced[0]!;
  const first = refreshes.toSorted(
    (a, b) => a.order - b.order || byCodeUnits(a.oldToken, b.oldToken) || byCodeUnits(a.newToken, b.newToken),
  )[0];
  return first?.oldToken ?? "";
}

/** The order of events: by effective time, then by fingerprint. */
function inOrder(a: EventCursor, b: EventCursor): number {
  return a.effectiveMs - b.effectiveMs || byCodeUnits(a.fingerprint, b.fingerprint);
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function placeOf({ effectiveMs, fingerprint }: EventCursor): EventCursor {
  return { effectiveMs, fingerprint };
}

function least(times: readonly number[]): number {
  return times.reduce((a, b) => Math.min(a, b));
}

function greatest(times: readonly number[]): number {
  return times.reduce((a, b) => Math.max(a, b));
}
