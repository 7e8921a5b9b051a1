import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./log.ts";

/** Runs work that goes on beside the requests until the process stops; stopping waits for it. */
export function runInBackground(
  lifecycle: Lifecycle,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
): void {
  const stopping = new AbortController();
  const running = work(stopping.signal);
  lifecycle.onStop(name, async () => {
    stopping.abort();
    await running;
  });
}

export interface Repetition {
  /** One step of the work; true if there may be more, which is done at once. */
  step(): Promise<boolean>;
  /** Milliseconds between the last step and the next look. */
  readonly intervalMs: number;
  /** What a step that fails is logged as; the work goes on after the interval. */
  readonly failure: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Does work again and again until the signal aborts. Resolves then, never rejects. */
export async function repeat(
  { step, intervalMs, failure, clock, log }: Repetition,
  signal: AbortSignal,
): Promise<void> {
  setMaxListeners(0, signal);
  while (!signal.aborted) {
    try {
      while (!signal.aborted && (await step()));
    } catch (error) {
      log.warn({ err: error }, failure);
    }
    await clock.sleep(intervalMs, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
}
