import type { Clock } from "../../services/runtime/clock.ts";

/** A process that may end at any moment: what it had under way then never goes on. */
export interface Life {
  alive: boolean;
}

/** Time that passes only when nothing else is left to do. */
export interface VirtualTime {
  now(): number;
  /** Has `run` called `ms` milliseconds from now, after everything that is due earlier or was asked for earlier. */
  after(ms: number, run: () => void): void;
  /** The clock of a process; its sleeps end with its life. */
  clockOf(life: Life): Clock;
  /** Lets time pass until `done` is true. Throws when nothing is left to happen, or after `limitMs` of virtual time. */
  runUntil(done: () => boolean, limitMs: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export function createVirtualTime(startMs: number): VirtualTime {
  let nowMs = startMs;
  let order = 0;
  const timers: Timer[] = [];

  function after(ms: number, run: () => void): void {
    const timer = { atMs: nowMs + Math.max(0, Math.round(ms)), order: order++, run };
    let low = 0;
    for (let high = timers.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (isAfter(timers[middle] as Timer, timer)) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
  }

  return {
    now: () => nowMs,
    after,
    clockOf: (life) => ({
      now: () => nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const stop = () => {
            if (life.alive) reject(signal?.reason);
          };
          signal?.addEventListener("abort", stop, { once: true });
          after(ms, () => {
            signal?.removeEventListener("abort", stop);
            if (life.alive) resolve();
          });
        }),
    }),
    async runUntil(done, limitMs) {
      const deadline = nowMs + limitMs;
      for (;;) {
        await quiet();
        if (done()) return;
        const next = timers.pop();
        if (next === undefined) throw new Error("nothing is left to happen, and it is not over");
        if (next.atMs > deadline) throw new Error(`not over after ${limitMs} ms of virtual time`);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
    },
  };
}

/** Latest first, so that the next timer is the last of the list. */
function isAfter(a: Timer, b: Timer): boolean {
  return a.atMs > b.atMs || (a.atMs === b.atMs && a.order > b.order);
}

/** Resolves once every promise that can go on by itself has gone on: they all do before the event loop's next phase. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
