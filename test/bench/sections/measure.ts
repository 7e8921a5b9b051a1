import type { Visitors } from "../load/events.ts";
import { newLane } from "../load/lane.ts";
import type { LoadOrder, PhaseResult } from "../load/messages.ts";
import type { Bench } from "../results.ts";
import type { Target } from "../systems/target.ts";

/** One measurement of one system under full load. */
export interface Measurement {
  readonly eventsPerSecond: number;
  /** Microseconds of processor an event, all the system's processes and threads together. */
  readonly cpuMicros: number;
  readonly peakRssBytes: number;
  readonly latency: PhaseResult["latency"];
  /** Share of one processor that the load generator took. */
  readonly generatorCpu: number;
}

/** An order to send new events to a system. */
export function orderFor(
  { port, request }: Target,
  order: Pick<LoadOrder, "connections" | "phases"> & Partial<LoadOrder>,
): LoadOrder {
  return { port, ...request, visitors: "log in", lane: newLane(), ...order };
}

/** Events that were accepted in a phase. */
export function accepted({ statuses }: PhaseResult): number {
  return (statuses[200] ?? 0) + (statuses[201] ?? 0);
}

/** Full load, closed loop, on a system, which goes on; what was answered after warming up. */
export async function fullLoad({ load, options }: Bench, system: Target, visitors: Visitors = "log in") {
  const phases = [{ durationMs: options.warmUpSeconds * 1_000 }, { durationMs: options.seconds * 1_000 }];
  const report = await load.run(orderFor(system, { connections: options.connections, visitors, phases }));
  const counted = report.phases[1] as PhaseResult;
  return { acknowledged: report.acknowledged, counted, perSecond: accepted(counted) / counted.seconds };
}

/** Full load on one system, which is then stopped; throws where what was acknowledged is not stored. */
export async function measureAndStop(bench: Bench, system: Target, visitors?: Visitors): Promise<Measurement> {
  const { warmUpSeconds, seconds } = bench.options;
  let from = system.use();
  let to = from;
  const timers = [
    setTimeout(() => (from = system.use()), warmUpSeconds * 1_000),
    setTimeout(() => (to = system.use()), (warmUpSeconds + seconds) * 1_000),
  ];
  const { acknowledged, counted, perSecond } = await fullLoad(bench, system, visitors);
  for (const timer of timers) clearTimeout(timer);
  const lost = acknowledged - (await system.stopAndCount());
  if (lost > 0) throw new Error(`${lost} events were acknowledged and are not stored`);
  const answers = Object.values(counted.statuses).reduce((sum, count) => sum + count, 0);
  if (answers > accepted(counted)) throw new Error(`not every event was accepted: ${JSON.stringify(counted.statuses)}`);
  return {
    eventsPerSecond: perSecond,
    cpuMicros: ((to.cpuSeconds - from.cpuSeconds) / accepted(counted)) * 1e6,
    peakRssBytes: to.peakRssBytes,
    latency: counted.latency,
    generatorCpu: counted.cpu,
  };
}

export function describe(name: string, { eventsPerSecond, cpuMicros, latency, generatorCpu }: Measurement): string {
  const figures = [
    `${Math.round(eventsPerSecond)} events/s`,
    `${Math.round(cpuMicros)} us of processor an event`,
    `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`,
    `generator ${Math.round(generatorCpu * 100)} % of a processor`,
  ];
  return `${name.padEnd(18)} ${figures.join(", ")}`;
}
