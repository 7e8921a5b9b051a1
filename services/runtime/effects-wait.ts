import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** How long an answer waits for what follows from it once it is durable: 1 s (semantics, Acceptance and durability). */
const EFFECTS_WAIT_MS = 1_000;

/** Ends the timer; made once, because making an error takes its stack down. */
const DECIDED = new Error("the effects are decided");

/**
 * Waits for effects as long as an answer may: 1 s.
 *
 * @returns whether they were applied in time; false also where they failed, because a sweeper sees to them
 */
export async function finishesInTime(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  effects: Promise<unknown>,
): Promise<boolean> {
  const waiting = new AbortController();
  const finished = effects.then(
    () => true,
    (error: unknown) => {
      log.warn({ err: error }, "effects follow later");
      return false;
    },
  );
  const late = clock.sleep(EFFECTS_WAIT_MS, waiting.signal).then(
    () => false,
    () => false,
  );
  const result = await Promise.race([finished, late]);
  waiting.abort(DECIDED);
  return result;
}
