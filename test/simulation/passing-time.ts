import type { VirtualTime } from "./virtual-time.ts";

/** A simulation that is not over by then has hung, milliseconds. */
const LIMIT_MS = 30 * 60_000;

/** Lets so much virtual time pass. */
export async function pass(time: VirtualTime, ms: number): Promise<void> {
  let passed = false;
  time.after(ms, () => {
    passed = true;
  });
  await time.runUntil(() => passed, ms + 1);
}

/** Lets time pass until the work is done. */
export async function over<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  let done = false;
  const watched = work.finally(() => {
    done = true;
  });
  // Looked at below: a rejection must not end the process while time passes.
  watched.catch(() => undefined);
  await time.runUntil(() => done, LIMIT_MS);
  return watched;
}
