import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../services/runtime/clock.ts";

/** Pauses up to this long, between attempts to write what others write too, are over at once: milliseconds. */
const PAUSE_MS = 100;

/** A clock that stands still until it is advanced; who sleeps, but for a short pause, wakes when it has come that far. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
}

/** @param startMs milliseconds since 1970 */
export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  const sleepers = new Set<{ readonly untilMs: number; wake(): void }>();
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.untilMs <= nowMs) sleeper.wake();
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms <= PAUSE_MS) return void (await nextTurn());
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper = {
          untilMs: nowMs + ms,
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
  };
}
