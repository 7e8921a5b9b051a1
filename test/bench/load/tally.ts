import type { HttpAnswer } from "./http-connection.ts";
import { Latencies } from "./latencies.ts";
import type { PhaseResult, Window } from "./messages.ts";

/** Counts what becomes of the requests of one phase or window. */
export class Tally {
  readonly #statuses: Record<string, number> = {};
  readonly #latencies = new Latencies();
  readonly #lateness = new Latencies();
  #offered = 0;
  #retryAfter = 0;
  #acceptedMeanwhile = 0;

  offer(): void {
    this.#offered += 1;
  }

  sent(lateMs: number): void {
    this.#lateness.add(lateMs);
  }

  answered({ status, retryAfter }: HttpAnswer, tookMs: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status === 503 && retryAfter) this.#retryAfter += 1;
    if (isAccepted(status)) this.#latencies.add(tookMs);
  }

  /** Whenever the request was due. */
  acceptedNow(): void {
    this.#acceptedMeanwhile += 1;
  }

  result(seconds: number, cpu: number): PhaseResult {
    return {
      seconds,
      offered: this.#offered,
      statuses: this.#statuses,
      retryAfter: this.#retryAfter,
      acceptedMeanwhile: this.#acceptedMeanwhile,
      latency: this.#latencies.percentiles(),
      lateness: this.#lateness.percentiles(),
      cpu,
    };
  }

  window(): Window {
    const { 200: ok = 0, 201: created = 0 } = this.#statuses;
    return { offered: this.#offered, accepted: ok + created, p95: this.#latencies.percentile(0.95) };
  }
}

export function isAccepted(status: number): boolean {
  return status === 200 || status === 201;
}
