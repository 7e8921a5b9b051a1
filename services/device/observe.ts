import { type Device, type DeviceAttributes, ownerBefore, revised } from "./device.ts";
import { type EventPosition, isBefore, isSame, latestOf } from "./event-position.ts";
import { type Extent, hull } from "./extent.ts";
import { withTokens } from "./tokens.ts";

/** What one accepted event, or one push to an anonymous owner, says about its device. */
export type Observation = IdentifiedObservation | AnonymousObservation | HashObservation;

interface DeviceEventObservation extends EventPosition {
  readonly token: string;
  /** What a live event says; null for a late one, which only floats if it is anonymous, as a push does. */
  readonly live: { readonly leaves: boolean; readonly attributes: DeviceAttributes } | null;
}

export interface IdentifiedObservation extends DeviceEventObservation {
  readonly kind: "identified";
  readonly appUserId: string;
}

export interface AnonymousObservation extends DeviceEventObservation {
  readonly kind: "anonymous";
}

/** Server event that named the device by a token's hash. */
export interface HashObservation extends EventPosition {
  readonly kind: "hash";
}

/**
 * The device after some of its events, in any order, were observed any number of times; the same object where they
 * change nothing.
 *
 * What floated before and may have changed hands is due. What floats in these observations is not: its attribution is
 * decided on the device that this returns ({@link attribution}).
 */
export function observe(before: Device, observations: readonly Observation[], nowMs: number): Device {
  let after = before;
  let moved: Extent | null = null;
  for (const observation of observations) {
    moved = hull(moved, movedBy(observation, after, before));
    after = fold(after, observation);
  }
  if (after.known && !before.known) moved = hull(moved, before.floating);
  return after === before && moved === null ? before : revised({ device: after, moved, nowMs });
}

/** How an event that names no user is attributed; `named` for one that does. */
export type Attribution =
  | { readonly by: "named" | "anonymousProfile" | "timeline" | "waiting" }
  | { readonly by: "owner"; readonly appUserId: string };

/** How an observed event is attributed, as far as the device can tell (semantics, Attribution and profiles). */
export function attribution(device: Device, observation: Observation): Attribution {
  switch (observation.kind) {
    case "identified":
      return { by: "named" };
    case "anonymous":
      return byBorders(device, observation);
    case "hash":
      if (!device.known) return { by: "waiting" };
      if (device.latest === null) return byBorders(device, observation);
      if (!isBefore(device.latest, observation)) return { by: "timeline" };
      return byOwner(device, observation);
  }
}

function byOwner(device: Device, position: EventPosition): Attribution {
  const appUserId = ownerBefore(device, position);
  return appUserId === "" ? byBorders(device, position) : { by: "owner", appUserId };
}

function byBorders(device: Device, position: EventPosition): Attribution {
  const border = device.latestIdentified;
  return { by: border === null || border.effectiveMs < position.effectiveMs ? "anonymousProfile" : "timeline" };
}

function fold(device: Device, observation: Observation): Device {
  const { effectiveMs, kind } = observation;
  if (kind === "identified" && observation.live === null) return device;
  let next = device;
  if (kind !== "identified") {
    const floating = hull(device.floating, { fromMs: effectiveMs, toMs: effectiveMs });
    if (floating !== device.floating) next = { ...next, floating };
  }
  if (kind === "hash") {
    return device.hashToMs !== null && device.hashToMs >= effectiveMs ? next : { ...next, hashToMs: effectiveMs };
  }
  const tokens = withTokens(device.tokens, [observation.token]);
  if (tokens !== device.tokens) next = { ...next, tokens };
  if (observation.live === null) return next;
  if (!device.known) next = { ...next, known: true };
  const { fingerprint } = observation;
  const appUserId = kind === "identified" ? observation.appUserId : "";
  const latest = latestOf(device.latest, { effectiveMs, fingerprint, appUserId, ...observation.live });
  if (latest !== device.latest) next = { ...next, latest };
  if (kind === "anonymous") return next;
  const latestIdentified = latestOf(device.latestIdentified, { effectiveMs, fingerprint });
  return latestIdentified === device.latestIdentified ? next : { ...next, latestIdentified };
}

/**
 * Where things that floated before the batch may change hands through one observation of it.
 *
 * @param device what is known so far, the earlier observations of the batch included
 * @param before the device before the batch
 */
function movedBy(observation: Observation, device: Device, before: Device): Extent | null {
  if (observation.kind === "hash" || observation.live === null) return null;
  const byOwner = movedByOwner(observation, device, before.hashToMs);
  return observation.kind === "identified"
    ? hull(byOwner, movedByBorder(observation, device, before.floating))
    : byOwner;
}

/** Events by hash after a device event may follow its owner. */
function movedByOwner(event: EventPosition, device: Device, hashToMs: number | null): Extent | null {
  if (hashToMs === null || hashToMs < event.effectiveMs) return null;
  if (device.latest !== null && isSame(device.latest, event)) return null;
  return { fromMs: event.effectiveMs, toMs: hashToMs };
}

/** A border takes what floats up to it, back to the border before it, which is known only for the highest one. */
function movedByBorder(event: EventPosition, device: Device, floating: Extent | null): Extent | null {
  const highest = device.latestIdentified;
  if (floating === null || floating.fromMs > event.effectiveMs) return null;
  if (highest === null || isBefore(event, highest)) {
    return { fromMs: floating.fromMs, toMs: Math.min(event.effectiveMs, floating.toMs) };
  }
  // What lies at the highest border's own time has been taken there; a second border at that time takes nothing.
  if (event.effectiveMs === highest.effectiveMs || floating.toMs <= highest.effectiveMs) return null;
  return { fromMs: Math.max(floating.fromMs, highest.effectiveMs), toMs: Math.min(event.effectiveMs, floating.toMs) };
}
