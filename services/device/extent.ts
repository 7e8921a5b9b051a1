/** Effective times between which something lies, milliseconds since 1970, both inclusive. */
export interface Extent {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The least extent that holds both; `a` itself where it holds `b` already. */
export function hull(a: Extent | null, b: Extent | null): Extent | null {
  if (a === null || b === null) return a ?? b;
  if (a.fromMs <= b.fromMs && a.toMs >= b.toMs) return a;
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}
