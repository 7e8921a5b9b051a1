import { Counter, Histogram, type Registry } from "prom-client";

/** Bounds in seconds: from an answer without I/O to the longest that a request may take. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface MeasuredRequest {
  readonly surface: string;
  /** The path, if something is served there. */
  readonly endpoint: string;
  readonly verdict: string;
  readonly status: number;
  /** From its head to its answer, milliseconds. */
  readonly ms: number;
}

/** Counts requests by what became of them and measures how long they took. */
export function requestMeasurements(registry: Registry): (request: MeasuredRequest) => void {
  const requests = new Counter({
    name: "carillon_gateway_requests_total",
    help: "Requests answered, by surface, endpoint, verdict and HTTP status.",
    labelNames: ["surface", "endpoint", "verdict", "status"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "carillon_gateway_request_seconds",
    help: "Time from a request's head to its answer.",
    labelNames: ["surface", "endpoint"],
    buckets: SECONDS,
    registers: [registry],
  });
  return ({ surface, endpoint, verdict, status, ms }) => {
    requests.inc({ surface, endpoint, verdict, status });
    seconds.observe({ surface, endpoint }, ms / 1000);
  };
}
