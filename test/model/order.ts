import type { AcceptedEvent } from "./accepted.ts";

/** An event and when it counts. */
export interface TimedEvent extends AcceptedEvent {
  readonly effectiveMs: number;
  readonly late: boolean;
  readonly skewedFuture: boolean;
}

const HOUR = 3_600_000;

/** Semantics, Event: effective time. */
export function timed(event: AcceptedEvent): TimedEvent {
  const sent = event.eventMs ?? event.receivedMs;
  const skewedFuture = sent > event.receivedMs + HOUR;
  return {
    ...event,
    skewedFuture,
    effectiveMs: skewedFuture ? event.receivedMs : sent,
    late: sent < event.receivedMs - 30 * 24 * HOUR,
  };
}

/** A place in the order of events. */
export type Place = Pick<TimedEvent, "effectiveMs" | "fingerprint">;

/** Semantics, Event: order. */
export function inOrder(a: Place, b: Place): number {
  return a.effectiveMs - b.effectiveMs || (a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0);
}
