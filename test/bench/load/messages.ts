import type { App } from "./events.ts";

/** What the benchmark asks of the load generator. */
export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  readonly app: App;
  /** Tells the events of this order from those of every other. */
  readonly lane: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Requests a second, whether or not answers come; absent: each connection sends when it has its answer. */
  readonly rate?: number;
  /** Milliseconds at the beginning of which nothing is counted. */
  readonly warmUpMs: number;
}

/** What came of it. */
export interface LoadResult {
  /** Answers by status after warming up; 0 counts broken connections. */
  readonly statuses: Readonly<Record<string, number>>;
  /** All 200s, also those before and after what is counted: at least so many events must be stored. */
  readonly acknowledged: number;
  /** 503s that carried `Retry-After`. */
  readonly retryAfter: number;
  /** Seconds that were counted. */
  readonly seconds: number;
  /** Share of one processor that the generator used. */
  readonly cpu: number;
  /** Of 200s, from when a request was due (open loop) or sent, in milliseconds. */
  readonly latency: Percentiles;
  /** The same from when it was sent: without what it waited for a free connection. */
  readonly served: Percentiles;
  /** Requests that were due and never sent, because every connection was waiting. */
  readonly unsent: number;
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}
