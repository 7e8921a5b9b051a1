import type { Percentiles } from "./messages.ts";

/** Steps per factor of two: a percentile is right to 2.2 %. */
const STEPS = 16;
const BUCKETS = 32 * STEPS;
/** Everything shorter counts as this, in milliseconds. */
const LEAST_MS = 0.01;

/** Counts of times, for percentiles of millions of them. */
export class Latencies {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  /** @param ms at least 0 */
  add(ms: number): void {
    const step = Math.round(Math.log2(Math.max(1, ms / LEAST_MS)) * STEPS);
    this.#counts[Math.min(step, BUCKETS - 1)]! += 1;
    this.#total += 1;
  }

  /** Milliseconds that the given share (0 to 1) does not exceed; 0 where there are none. */
  percentile(share: number): number {
    let left = this.#total * share;
    for (const [step, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0 && this.#total > 0) return LEAST_MS * 2 ** (step / STEPS);
    }
    return 0;
  }

  percentiles(): Percentiles {
    const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => this.percentile(share)) as [
      number,
      number,
      number,
      number,
    ];
    return { p50, p90, p99, max };
  }
}
