import type { LoadResult } from "../load/messages.ts";
import { type Bench, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { orderFor } from "./measure.ts";

const TIMES_PEAK = 5;
/** So many that the load does not fall because clients wait. */
const CONNECTIONS = 4_000;
/** After the overload the load falls to this share of the peak, and is looked at in such windows. */
const CALM_SHARE = 0.3;
const WINDOW_MS = 250;
const WINDOWS = 20;
/** Normal again: nothing is refused, and answers take at most so many times what they took before. */
const NORMAL_TIMES = 2;

/** Open loop at five times what the process does at most; then how long until everything is as before. */
export async function overload({ options, load, say }: Bench): Promise<SectionResult> {
  const system = await startSystem(oneProcess);
  const [durationMs, warmUpMs] = [options.seconds * 1_000, options.warmUpSeconds * 1_000];
  const peak = await load.run(orderFor(system, { connections: options.connections, durationMs, warmUpMs }));
  const peakRate = accepted(peak) / peak.seconds;
  const calmRate = peakRate * CALM_SHARE;
  const open = { connections: CONNECTIONS, warmUpMs: 0 };
  const before = await load.run(orderFor(system, { ...open, durationMs: 2_000, rate: calmRate }));
  say(`peak ${Math.round(peakRate)} events/s, p99 ${peak.latency.p99.toFixed(1)} ms`);

  const flood = await load.run(orderFor(system, { ...open, durationMs, warmUpMs: 1_000, rate: peakRate * TIMES_PEAK }));
  const refused = (flood.statuses[503] ?? 0) / flood.seconds;
  say(`overload: ${JSON.stringify(flood.statuses)}, generator ${Math.round(flood.cpu * 100)} % of a processor`);

  const endedMs = performance.now();
  let recoveredMs = Number.NaN;
  for (let window = 0; window < WINDOWS && Number.isNaN(recoveredMs); window++) {
    const calm = await load.run(orderFor(system, { ...open, durationMs: WINDOW_MS, rate: calmRate }));
    const isNormal = Object.keys(calm.statuses).every((status) => status === "200");
    if (isNormal && calm.latency.p99 <= before.latency.p99 * NORMAL_TIMES) recoveredMs = performance.now() - endedMs;
  }
  await system.stop();
  await system.remove();
  const others = Object.entries(flood.statuses).filter(([status]) => status !== "200" && status !== "503");
  const sent = Object.values(flood.statuses).reduce((sum, count) => sum + count, 0) / flood.seconds;
  return {
    measured: { peak, before, flood, recoveredMs },
    rows: [
      row("load, times the peak", sent / peakRate, { digits: 1 }),
      row("accepted / peak", accepted(flood) / flood.seconds / peakRate, { atLeast: 0.9 }),
      // From when the request was sent: what waited in the generator for a free connection was never offered.
      row("p99 of what is accepted / p99 at the peak", flood.served.p99 / peak.served.p99, { digits: 1, atMost: 2 }),
      row("refused by 503, share of the load", refused / sent),
      row("503 with Retry-After, share", flood.retryAfter / Math.max(1, flood.statuses[503] ?? 0), { atLeast: 1 }),
      row(
        "other answers and broken connections",
        others.reduce((sum, [, count]) => sum + count, 0),
        { digits: 0, atMost: 0 },
      ),
      row("normal again after", recoveredMs / 1_000, { unit: "s", digits: 1, atMost: 2 }),
    ],
  };
}

function accepted({ statuses }: LoadResult): number {
  return statuses[200] ?? 0;
}
