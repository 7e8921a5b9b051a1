/** An event further in the future than this counts at its receipt: 1 h (semantics, Event). */
const FUTURE_TOLERANCE_MS = 60 * 60 * 1000;
/** An event further in the past than this has no effect: 30 days (semantics, Event). */
const LATE_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

/** When an event counts, and how that relates to its receipt. */
export interface EffectiveTime {
  readonly effectiveMs: number;
  readonly skewedFuture: boolean;
  readonly late: boolean;
}

/**
 * The time an event counts at (semantics, Event: effective time).
 *
 * @param eventMs the sender's time in milliseconds, or undefined where the surface has none
 * @param receivedMs receipt of the first copy in milliseconds
 */
export function effectiveTime(eventMs: number | undefined, receivedMs: number): EffectiveTime {
  if (eventMs === undefined) return { effectiveMs: receivedMs, skewedFuture: false, late: false };
  if (eventMs > receivedMs + FUTURE_TOLERANCE_MS) return { effectiveMs: receivedMs, skewedFuture: true, late: false };
  return { effectiveMs: eventMs, skewedFuture: false, late: eventMs < receivedMs - LATE_AFTER_MS };
}
