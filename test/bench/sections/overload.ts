import { type PhaseResult, WINDOW_MS, type Window } from "../load/messages.ts";
import { type Bench, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { accepted, fullLoad, orderFor } from "./measure.ts";

const TIMES_PEAK = 5;
/** So many that none has to be waited for while refusals come within a quarter of a second. */
const CONNECTIONS = 4_000;
/** Before and after the overload, the load is this share of the peak. */
const CALM_SHARE = 0.3;
const CONNECT_MS = 2_000;
const CALM_MS = 3_000;
const AFTER_MS = 6_000;
/** Normal again: so many windows in a row in which nothing is refused and the 95th of 100 answers takes at most so … */
const NORMAL_WINDOWS = 3;
/** … many times what the 99th took before. */
const NORMAL_TIMES = 2;

/** Open loop at five times what the process does at most; then how long until everything is as before. */
export async function overload(bench: Bench): Promise<SectionResult> {
  const system = await startSystem(oneProcess);
  const { counted: peak, perSecond: peakRate } = await fullLoad(bench, system);
  const calmRate = peakRate * CALM_SHARE;
  const floodMs = bench.options.seconds * 1_000;
  const phases = [
    { durationMs: CONNECT_MS, rate: calmRate },
    { durationMs: CALM_MS, rate: calmRate },
    { durationMs: floodMs, rate: peakRate * TIMES_PEAK },
    { durationMs: AFTER_MS, rate: calmRate },
  ];
  bench.say(`peak ${Math.round(peakRate)} events/s, p99 ${peak.latency.p99.toFixed(1)} ms`);
  const report = await bench.load.run(orderFor(system, { connections: CONNECTIONS, phases }));
  const [, before, flood] = report.phases as [PhaseResult, PhaseResult, PhaseResult, PhaseResult];
  const lost = report.acknowledged + peak.offered - (await system.stopAndCount());
  if (lost > 0) throw new Error(`${lost} events were acknowledged and are not stored`);
  await system.remove();
  const { 503: refused = 0 } = flood.statuses;
  const unanswered = flood.offered - accepted(flood) - refused;
  bench.say(
    `overload: ${JSON.stringify(flood.statuses)} of ${flood.offered}; the generator ${Math.round(flood.cpu * 100)} % ` +
      `of a processor, sent p99 ${flood.lateness.p99.toFixed(1)} ms late`,
  );
  const after = report.windows.slice((CONNECT_MS + CALM_MS + floodMs) / WINDOW_MS);
  return {
    measured: { peak, phases: report.phases, after },
    rows: [
      row("load, times the peak", flood.offered / flood.seconds / peakRate, { digits: 1, atLeast: TIMES_PEAK * 0.99 }),
      row("accepted / peak", flood.acceptedMeanwhile / flood.seconds / peakRate, { atLeast: 0.9 }),
      row("p99 of what is accepted / p99 at the peak", flood.latency.p99 / peak.latency.p99, { digits: 1, atMost: 2 }),
      row("p99 of what is accepted, from when it was due", flood.latency.p99, { unit: "ms", digits: 0 }),
      row("p99 of what the generator was late", flood.lateness.p99, { unit: "ms", digits: 0 }),
      row("503 with Retry-After, share", flood.retryAfter / Math.max(1, refused), { atLeast: 1 }),
      row("other answers, broken or without answer", unanswered, { digits: 0, atMost: 0 }),
      row("normal again after", normalAfterMs(after, before) / 1_000, { unit: "s", digits: 2, atMost: 2 }),
    ],
  };
}

/** Milliseconds from the overload's end to the first of the windows from which on it is over; NaN where it never is. */
function normalAfterMs(after: readonly Window[], before: PhaseResult): number {
  const isNormal = ({ offered, accepted: taken, p95 }: Window) =>
    taken === offered && p95 <= before.latency.p99 * NORMAL_TIMES;
  const first = after.findIndex((_, at) => {
    const windows = after.slice(at, at + NORMAL_WINDOWS);
    return windows.length === NORMAL_WINDOWS && windows.every(isNormal);
  });
  return first < 0 ? Number.NaN : first * WINDOW_MS;
}
