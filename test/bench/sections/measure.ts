import { newLane } from "../load/lane.ts";
import type { LoadOrder, LoadResult } from "../load/messages.ts";
import type { Bench } from "../results.ts";
import { countStored } from "../systems/count-stored.ts";
import type { System } from "../systems/system.ts";

/** One measurement of one system under full load. */
export interface Measurement {
  readonly eventsPerSecond: number;
  /** Microseconds of processor an event, all the system's processes and threads together. */
  readonly cpuMicros: number;
  readonly peakRssBytes: number;
  readonly latency: LoadResult["latency"];
  /** Share of one processor that the load generator took. */
  readonly generatorCpu: number;
}

/** An order to send new events to a system. */
export function orderFor(
  system: System,
  order: Pick<LoadOrder, "connections" | "durationMs" | "warmUpMs"> & Partial<LoadOrder>,
): LoadOrder {
  return { port: system.port, path: "/events", app: system.app, lane: newLane(), ...order };
}

/** Full load on one system, which is then stopped; throws where what was acknowledged is not stored. */
export async function measureAndStop({ load, options }: Bench, system: System): Promise<Measurement> {
  const [warmUpMs, durationMs] = [options.warmUpSeconds * 1_000, options.seconds * 1_000];
  const before = system.storedEvents;
  let from = system.use();
  let to = from;
  const timers = [
    setTimeout(() => (from = system.use()), warmUpMs),
    setTimeout(() => (to = system.use()), warmUpMs + durationMs),
  ];
  const result = await load.run(orderFor(system, { connections: options.connections, durationMs, warmUpMs }));
  for (const timer of timers) clearTimeout(timer);
  await system.stop();
  const lost = result.acknowledged - (countStored(system.dataDir) - before);
  if (lost > 0) throw new Error(`${lost} events were acknowledged and are not stored`);
  const { 200: stored = 0, ...others } = result.statuses;
  if (Object.keys(others).length > 0) throw new Error(`not every event was accepted: ${JSON.stringify(others)}`);
  return {
    eventsPerSecond: stored / result.seconds,
    cpuMicros: ((to.cpuSeconds - from.cpuSeconds) / stored) * 1e6,
    peakRssBytes: to.peakRssBytes,
    latency: result.latency,
    generatorCpu: result.cpu,
  };
}

export function describe(name: string, { eventsPerSecond, cpuMicros, latency, generatorCpu }: Measurement): string {
  const figures = [
    `${Math.round(eventsPerSecond)} events/s`,
    `${Math.round(cpuMicros)} us of processor an event`,
    `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`,
    `generator ${Math.round(generatorCpu * 100)} % of a processor`,
  ];
  return `${name.padEnd(15)} ${figures.join(", ")}`;
}
