import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../../services/runtime/clock.ts";

/** A clock that stands still unless it is set, or somebody sleeps: then it is later at once. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
}

/** @param startMs milliseconds since 1970 */
export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      nowMs += ms;
      await setImmediate();
    },
  };
}
