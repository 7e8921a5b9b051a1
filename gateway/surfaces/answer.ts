/** How loud the log line of an answer is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Everything that is sent and logged about one request: handlers and faults alike end in one of these. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly payload: string;
  /** One word or two for the log and the metrics: "stored", "duplicate", "rate_limited". */
  readonly verdict: string;
  readonly logLevel: LogLevel;
  /** Headers beyond the content type, `Retry-After` and what every answer carries. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whole seconds for `Retry-After`, at least 1: on every 429 and 503, and on nothing else. */
  readonly retryAfterSeconds?: number;
}

export const JSON_TYPE = "application/json; charset=utf-8";

/** Whole seconds for `Retry-After`: never less than the wait in milliseconds, at least 1. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}

/** The log level that a status deserves unless the surface knows better: overload and faults of ours are loud. */
export function logLevelOf(status: number): LogLevel {
  if (status === 429 || status === 503) return "warn";
  return status >= 500 ? "error" : "info";
}
