import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** How long an answer waits for what follows from it once it is durable: 1 s (semantics, Acceptance and durability). */
const EFFECTS_WAIT_MS = 1_000;

/** Ends the timer; made once, because making an error takes its stack down. */
const DECIDED = new Error("it is decided");

/**
 * Waits for effects as long as an answer may: 1 s.
 *
 * @returns whether they were applied in time; false also where they failed, because a sweeper sees to them
 */
export async function finishesInTime(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  effects: Promise<unknown>,
): Promise<boolean> {
  const finished = effects.then(
    () => true,
    (error: unknown) => {
      log.warn({ err: error }, "effects follow later");
      return false;
    },
  );
  return (await firstWithin(clock, EFFECTS_WAIT_MS, finished)) ?? false;
}

/** What is promised, if it comes within so many milliseconds; rejects with it, too. */
export async function firstWithin<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  const waiting = new AbortController();
  const late = clock.sleep(ms, waiting.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    waiting.abort(DECIDED);
  }
}
