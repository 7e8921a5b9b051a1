import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../services/runtime/clock.ts";

/** Ends the timer; made once, because making an error takes its stack down. */
const ANSWERED = new Error("the call has been answered");

export interface DeadlineOptions {
  readonly clock: Clock;
  /** Milliseconds that the call may take. */
  readonly timeoutMs: number;
}

/**
 * Runs `call` for at most `timeoutMs`, then aborts its signal and rejects with `DEADLINE_EXCEEDED`, even if the call
 * ignores the signal. What the call did by then is unknown.
 */
export async function withDeadline<T>(
  { clock, timeoutMs }: DeadlineOptions,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const callStop = new AbortController();
  const timerStop = new AbortController();
  const expiry = clock.sleep(timeoutMs, timerStop.signal).then(() => {
    const error = new ConnectError(`no answer within ${timeoutMs} ms`, Code.DeadlineExceeded);
    callStop.abort(error);
    throw error;
  });
  try {
    return await Promise.race([call(callStop.signal), expiry]);
  } finally {
    timerStop.abort(ANSWERED);
  }
}
