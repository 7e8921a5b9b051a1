import { type Bench, median, row, type SectionResult } from "../results.ts";
import { ceiling, ceilingOfRows, fiveProcesses, oneProcess, startSystem } from "../systems/system.ts";
import { describe, type Measurement, measureAndStop } from "./measure.ts";

const KINDS = [ceiling, ceilingOfRows, oneProcess, fiveProcesses];
const MB = 1_000_000;

/** Closed loop against every system in turn, A B C A B C, each on an empty store. */
export async function throughput(bench: Bench): Promise<SectionResult> {
  const measured: Record<string, Measurement[]> = {};
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const kind of KINDS) {
      const system = await startSystem(kind);
      const measurement = await measureAndStop(bench, system);
      await system.remove();
      measured[kind.name] = [...(measured[kind.name] ?? []), measurement];
      bench.say(`round ${round}  ${describe(kind.name, measurement)}`);
    }
  }
  const of = (name: string, pick: (measurement: Measurement) => number) => median((measured[name] ?? []).map(pick));
  const speed = (name: string) => of(name, ({ eventsPerSecond }) => eventsPerSecond);
  const cost = (name: string) => of(name, ({ cpuMicros }) => cpuMicros);
  const best = speed(ceiling.name);
  return {
    measured,
    rows: [
      ...KINDS.map(({ name }) => row(`${name}, events/s`, speed(name), { digits: 0 })),
      row("one process / ceiling", speed(oneProcess.name) / best, { atLeast: 0.8 }),
      row("one process / ceiling with all rows", speed(oneProcess.name) / speed(ceilingOfRows.name)),
      row("five processes / ceiling", speed(fiveProcesses.name) / best, { atLeast: 0.45 }),
      ...KINDS.map(({ name }) => row(`${name}, processor an event`, cost(name), { unit: "us", digits: 0 })),
      row("one process, memory at its peak", of(oneProcess.name, ({ peakRssBytes }) => peakRssBytes) / MB, {
        unit: "MB",
        digits: 0,
        atMost: 300,
      }),
    ],
  };
}
