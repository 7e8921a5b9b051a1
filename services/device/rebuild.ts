import { type Device, type LatestEvent, revised } from "./device.ts";
import { type EventPosition, isBefore, latestOf } from "./event-position.ts";

/** What is stored of a device after an erasure. */
export interface StoredExtremes {
  /** Latest live device event that is left. */
  readonly latest: LatestEvent | null;
  /** Latest live identified event that is left. */
  readonly latestIdentified: EventPosition | null;
}

export interface DeviceErasure {
  /** Milliseconds since 1970. */
  readonly erasedMs: number;
  /** Whose unlinking ends; empty if that has been done before. */
  readonly appUserId: string;
  readonly nowMs: number;
}

/**
 * The device without what erased events said of it. All that floats is due, because what borders were erased is not
 * known here. Where nothing makes it known any more it is unknown again, and keeps only where it was erased.
 */
export function rebuilt(device: Device, stored: StoredExtremes, erasure: DeviceErasure): Device {
  const { latest, latestIdentified } = stored;
  const { appUserId, erasedMs, nowMs } = erasure;
  const wasErased = device.latest !== null && (latest === null || isBefore(latest, device.latest));
  const place = wasErased ? positionOf(device.latest, erasedMs) : null;
  const after: Device = {
    ...device,
    latest,
    latestIdentified,
    erased: latestOf(device.erased, place),
    known: latest !== null || device.refreshes.length > 0,
    unlinked: device.unlinked.filter((user) => user !== appUserId),
  };
  return revised({ device: after, moved: device.floating, nowMs });
}

function positionOf({ effectiveMs, fingerprint }: EventPosition, erasedMs: number) {
  return { effectiveMs, fingerprint, erasedMs };
}
