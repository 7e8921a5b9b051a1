/** The load generator's process: carries out one order after the other and reports. Started by load-generator.ts. */
import process from "node:process";
import { eventSource } from "./events.ts";
import { type HttpConnection, httpConnection } from "./http-connection.ts";
import { Latencies } from "./latencies.ts";
import type { LoadOrder, LoadResult, Percentiles } from "./messages.ts";

process.on("message", (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit());

async function run(order: LoadOrder): Promise<LoadResult> {
  const { connections, durationMs, warmUpMs, rate } = order;
  const latencies = new Latencies();
  const servedLatencies = new Latencies();
  const statuses: Record<string, number> = {};
  let acknowledged = 0;
  let retryAfter = 0;
  const startMs = performance.now();
  const countFromMs = startMs + warmUpMs;
  const endMs = countFromMs + durationMs;
  const lanes = Array.from({ length: connections }, (_, i) => lane(i));
  /** When requests that no connection was free for were due, oldest first. */
  const due: number[] = [];
  let dueTaken = 0;
  const idle: Lane[] = [];

  interface Lane {
    connection: HttpConnection;
    readonly source: ReturnType<typeof eventSource>;
    dueMs: number;
    sentMs: number;
  }

  function lane(index: number): Lane {
    const self: Lane = {
      source: eventSource(order.app, `${order.lane}${index}`),
      dueMs: 0,
      sentMs: 0,
      connection: open(),
    };
    function open(): HttpConnection {
      return httpConnection({
        port: order.port,
        path: order.path,
        onAnswer({ status, retryAfter: told }) {
          const nowMs = performance.now();
          if (nowMs >= countFromMs && nowMs < endMs) {
            statuses[status] = (statuses[status] ?? 0) + 1;
            if (status === 503 && told) retryAfter += 1;
            if (status === 200) {
              latencies.add(nowMs - self.dueMs);
              servedLatencies.add(nowMs - self.sentMs);
            }
          }
          if (status === 200) acknowledged += 1;
          free(self, nowMs);
        },
        onBroken() {
          statuses[0] = (statuses[0] ?? 0) + 1;
          self.connection = open();
          if (performance.now() < endMs) setTimeout(() => free(self, performance.now()), 10);
        },
      });
    }
    return self;
  }

  function send(self: Lane, dueMs: number): void {
    self.dueMs = dueMs;
    self.sentMs = performance.now();
    self.connection.post(self.source.next());
  }

  function free(self: Lane, nowMs: number): void {
    if (nowMs >= endMs) return;
    const next = rate === undefined ? nowMs : due[dueTaken];
    if (next === undefined) {
      idle.push(self);
      return;
    }
    if (rate !== undefined) dueTaken += 1;
    send(self, next);
  }

  let cpuFrom = process.cpuUsage();
  setTimeout(() => (cpuFrom = process.cpuUsage()), warmUpMs);
  for (const each of lanes) free(each, startMs);
  if (rate !== undefined) await pace(rate, { startMs, endMs, submit });
  else await until(endMs);
  const { user, system } = process.cpuUsage(cpuFrom);
  for (let waited = 0; waited < 600 && lanes.some(({ connection }) => connection.busy); waited++)
    await until(performance.now() + 10);
  for (const { connection } of lanes) connection.destroy();

  function submit(dueMs: number): void {
    const self = idle.pop();
    if (self === undefined) due.push(dueMs);
    else send(self, dueMs);
  }

  return {
    statuses,
    acknowledged,
    retryAfter,
    seconds: durationMs / 1_000,
    cpu: (user + system) / 1_000 / durationMs,
    latency: percentiles(latencies),
    served: percentiles(servedLatencies),
    unsent: due.length - dueTaken,
  };
}

/** Submits requests at their times, which are evenly spread; late by at most a turn of a timer. */
async function pace(
  rate: number,
  { startMs, endMs, submit }: { startMs: number; endMs: number; submit: (dueMs: number) => void },
): Promise<void> {
  const everyMs = 1_000 / rate;
  let nextMs = startMs;
  while (nextMs < endMs) {
    const nowMs = performance.now();
    for (; nextMs <= nowMs && nextMs < endMs; nextMs += everyMs) submit(nextMs);
    await until(performance.now() + 1);
  }
}

function percentiles(latencies: Latencies): Percentiles {
  const [p50 = 0, p90 = 0, p99 = 0, max = 0] = [0.5, 0.9, 0.99, 1].map((share) => latencies.percentile(share));
  return { p50, p90, p99, max };
}

function until(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms - performance.now())));
}
