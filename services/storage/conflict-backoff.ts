import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../runtime/clock.ts";

/** Of many writers of one document one succeeds each time, so this many can be served at once. */
const MAX_CONFLICTS = 64;
/** Longest pause, milliseconds: several times what a write takes. */
const MAX_PAUSE_MS = 40;

export interface ConflictPause {
  readonly clock: Clock;
  /** At least 0 and less than 1, as `Math.random`: spreads the writers. */
  readonly random: () => number;
}

/** Waits a random while after a write that others have overtaken, longer the more `conflicts` there have been. */
export async function pauseAfterConflict(
  { clock, random }: ConflictPause,
  conflicts: number,
  signal?: AbortSignal,
): Promise<void> {
  await clock.sleep(random() * Math.min(2 ** conflicts, MAX_PAUSE_MS), signal);
}

/**
 * Pauses after each conflict, longer each time.
 *
 * @throws ConnectError UNAVAILABLE when there are too many; the same call may be repeated
 */
export function conflictBackoff(pause: ConflictPause): () => Promise<void> {
  let conflicts = 0;
  return async () => {
    conflicts += 1;
    if (conflicts > MAX_CONFLICTS)
      throw new ConnectError("too many change the same thing at once; try again", Code.Unavailable);
    await pauseAfterConflict(pause, conflicts);
  };
}
