import type { App, Visitors } from "./events.ts";

/** What the benchmark asks of the load generator. */
export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  /** Whose credentials the bodies carry; without it, none. */
  readonly app?: App | undefined;
  /** Headers beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Tells the events of this order from those of every other. */
  readonly lane: string;
  readonly visitors: Visitors;
  readonly connections: number;
  /** One after the other, on the same connections; all of an open loop, or all of a closed one. */
  readonly phases: readonly Phase[];
}

export interface Phase {
  readonly durationMs: number;
  /**
   * Requests a second that are due, evenly spread, whether or not answers come: an open loop. Absent in a closed loop,
   * where each connection sends when it has its answer.
   */
  readonly rate?: number;
}

/** What came of it. */
export interface LoadReport {
  /** All 200s and 201s of all phases, however late: at least so many events must be stored. */
  readonly acknowledged: number;
  readonly phases: readonly PhaseResult[];
  /** The same time in pieces of {@link WINDOW_MS}, from the beginning of the first phase. */
  readonly windows: readonly Window[];
}

/**
 * Of an open loop: what became of the requests that were due in the phase, whenever they were sent and answered. Of a
 * closed one: what was answered in it.
 */
export interface PhaseResult {
  readonly seconds: number;
  /** Requests that were due (open loop) or answered (closed). */
  readonly offered: number;
  /** Answers by status; 0 counts broken connections. */
  readonly statuses: Readonly<Record<string, number>>;
  /** 503s that carried `Retry-After`. */
  readonly retryAfter: number;
  /** 200s and 201s that came in the phase, also to requests that were due before: what was really taken in that time. */
  readonly acceptedMeanwhile: number;
  /** Of 200s and 201s, in milliseconds, from when a request was due: what waits in the generator counts. */
  readonly latency: Percentiles;
  /** How late requests were sent, in milliseconds: the generator was late, or no connection was free. */
  readonly lateness: Percentiles;
  /** Share of one processor that the generator used in the phase. */
  readonly cpu: number;
}

export const WINDOW_MS = 250;

/** By when requests were due, as in {@link PhaseResult}. */
export interface Window {
  readonly offered: number;
  /** 200s and 201s. */
  readonly accepted: number;
  /** Milliseconds, of what was accepted. */
  readonly p95: number;
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}
