import type { StoredEvent } from "./event.ts";
import type { ProfileState } from "./store.ts";

/** What a user's first, last and latest device event say of the user, all of them live. */
export function profileStateOf([first, last, device]: readonly (StoredEvent | undefined)[]): ProfileState | undefined {
  // They are read one after another: one that came or went in between leaves the caller to try again, by its version.
  if (first === undefined || last === undefined) return undefined;
  const times = { firstSeenMs: first.effectiveMs, lastSeenMs: last.effectiveMs };
  if (device === undefined) return times;
  const { effectiveMs, fingerprint, platform, pushPermissionGranted, timezone, language, country } = device;
  const attributes = { effectiveMs, fingerprint, platform, pushPermissionGranted, timezone, language, country };
  return { ...times, attributes };
}
