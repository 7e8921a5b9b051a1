import type { AcceptedPush } from "./accepted.ts";
import { deviceOf, type ModelDevice, ownerOf } from "./devices.ts";
import type { TimedEvent } from "./order.ts";

/** To whom something belongs, and the fingerprint of the identified event that took it, if one did. */
export interface Attribution {
  readonly appUserId: string;
  readonly attributedBy: string;
}

/** Semantics, Attribution. */
export function eventAttribution(event: TimedEvent, devices: readonly ModelDevice[]): Attribution {
  if (event.sentAppUserId !== "") return { appUserId: event.sentAppUserId, attributedBy: "" };
  const device = deviceOf(devices, event.deviceToken);
  if (device === undefined) {
    // Of a late event, because a live one makes the device known; or of one by hash, which waits.
    return { appUserId: event.kind === "hash" ? "" : `anon:${event.deviceToken}`, attributedBy: "" };
  }
  const owner = event.kind === "hash" ? ownerOf(device, event) : "";
  return owner === "" ? takenAt(device, event.effectiveMs) : { appUserId: owner, attributedBy: "" };
}

/** Semantics, Push ledger: a push to an anonymous owner follows the login. */
export function pushAttribution({ appUserId, sentMs }: AcceptedPush, devices: readonly ModelDevice[]): Attribution {
  const device = appUserId.startsWith("anon:") ? deviceOf(devices, appUserId.slice("anon:".length)) : undefined;
  return device === undefined ? { appUserId, attributedBy: "" } : takenAt(device, sentMs);
}

function takenAt(device: ModelDevice, effectiveMs: number): Attribution {
  const taker = device.timeline.find((other) => other.sentAppUserId !== "" && other.effectiveMs >= effectiveMs);
  if (taker === undefined || device.unlinked.has(taker.sentAppUserId))
    return { appUserId: `anon:${device.rootToken}`, attributedBy: "" };
  return { appUserId: taker.sentAppUserId, attributedBy: taker.fingerprint };
}
