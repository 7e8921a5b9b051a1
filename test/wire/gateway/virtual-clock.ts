import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../../services/runtime/clock.ts";

export interface VirtualClock extends Clock {
  /** Lets `ms` milliseconds pass, timer by timer, with everything that each sets off in this process. */
  advance(ms: number): Promise<void>;
  /** Sets the time without firing anything, as an operator does. */
  set(nowMs: number): void;
  /** How many sleeps are under way. */
  readonly sleeping: number;
}

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is told to go on; it starts on 2026-11-21. */
export function virtualClock(): VirtualClock {
  let nowMs = Date.UTC(2026, 10, 21);
  const timers = new Set<Timer>();

  function firstUntil(endMs: number): Timer | undefined {
    return [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  }

  return {
    now: () => nowMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = { atMs: nowMs + ms, fire: resolve };
        timers.add(timer);
        const stop = () => {
          timers.delete(timer);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (let timer = firstUntil(endMs); timer !== undefined; timer = firstUntil(endMs)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.fire();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
    set(ms) {
      nowMs = ms;
    },
    get sleeping() {
      return timers.size;
    },
  };
}

/** Lets promises and turns of the event loop that are due run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}
