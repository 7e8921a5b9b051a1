import { repeat } from "../runtime/background-work.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { removeBelow } from "../storage/remove-below.ts";
import type { IdentityStore } from "./store.ts";

/**
 * How long a tombstone refuses observations that were decided before it, milliseconds: far longer than any request
 * that carries such a decision may take (decision 0001).
 */
const TOMBSTONE_LIFE_MS = 3_600_000;

/** How often expired tombstones are looked for, milliseconds. */
const INTERVAL_MS = 600_000;

/** Removes some tombstones older than an hour, true if there may be more; those that live again meanwhile stay. */
export async function removeExpiredTombstones({
  store: { profiles, merges },
  clock,
}: {
  readonly store: IdentityStore;
  readonly clock: Clock;
}): Promise<boolean> {
  const where = { field: "removedAtMs", below: clock.now() - TOMBSTONE_LIFE_MS };
  const moreProfiles = await removeBelow(profiles, where);
  const moreMerges = await removeBelow(merges, where);
  return moreProfiles || moreMerges;
}

/** Removes expired tombstones every ten minutes until the signal aborts; resolves then, and rejects never. */
export function runMaintenance(
  context: { readonly store: IdentityStore; readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = context;
  const failure = "could not remove expired tombstones; trying again later";
  const step = () => removeExpiredTombstones(context);
  return repeat({ step, intervalMs: INTERVAL_MS, failure, clock, log }, signal);
}
