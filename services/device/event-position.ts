/** Place of an event in the order of events (semantics, Event: order). */
export interface EventPosition {
  /** Milliseconds since 1970. */
  readonly effectiveMs: number;
  readonly fingerprint: string;
}

/** Whether `a` comes before `b`: by effective time, then by fingerprint. */
export function isBefore(a: EventPosition, b: EventPosition): boolean {
  return a.effectiveMs === b.effectiveMs ? a.fingerprint < b.fingerprint : a.effectiveMs < b.effectiveMs;
}

/** Whether both are the place of the same event. */
export function isSame(a: EventPosition, b: EventPosition): boolean {
  return a.effectiveMs === b.effectiveMs && a.fingerprint === b.fingerprint;
}

/** The greater of two places; where they are equal, `a`. */
export function latestOf<P extends EventPosition>(a: P | null, b: P | null): P | null {
  if (a === null || b === null) return a ?? b;
  return isBefore(a, b) ? b : a;
}
