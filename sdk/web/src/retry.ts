/** Retries in a row after which the queue waits for the next launch: of a network error, of an overloaded server. */
export const NETWORK_RETRIES = 5;
export const SERVER_RETRIES = 3;
/** First wait and longest wait, in milliseconds (the published retry table). */
const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 60_000;
/** Longest wait that a server can ask for, in milliseconds. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/**
 * Wait before the next try, in milliseconds: 1, 2, 4 … 60 s, or what the server asks for if that is longer, and up to
 * half as much again, so that browsers that failed together do not come back together.
 *
 * @param failures tries that failed in a row, from 1
 * @param retryAfterMs what the server asked for; 0 if nothing
 */
export function retryWaitMs(failures: number, retryAfterMs: number): number {
  const backoffMs = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return Math.max(backoffMs, Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS)) * (1 + Math.random() / 2);
}
