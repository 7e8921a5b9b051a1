import { type Bench, median, type SectionResult } from "../results.ts";
import { missing, startParseServer, VERSION } from "../systems/peer/parse-server.ts";
import { fiveProcesses, oneProcess, startSystem } from "../systems/system.ts";
import type { Target } from "../systems/target.ts";
import { describe, type Measurement, measureAndStop } from "./measure.ts";

/** parse-server's own way to use two processors. */
const CLUSTER = 2;
const MB = 1_000_000;

interface Candidate {
  readonly name: string;
  start(): Promise<Target>;
}

const candidates: readonly Candidate[] = [
  { name: "Carillon, one process", start: () => startSystem(oneProcess) },
  { name: "Carillon, five processes", start: () => startSystem(fiveProcesses) },
  { name: `parse-server ${VERSION}`, start: () => startParseServer(1) },
  { name: `parse-server ${VERSION}, ${CLUSTER} processes`, start: () => startParseServer(CLUSTER) },
];

/** The same load on another product, in turns with ours, every event durable before its answer by its own settings. */
export async function peer(bench: Bench): Promise<SectionResult> {
  const lacking = missing();
  if (lacking !== undefined) return { measured: {}, rows: [{ what: `skipped: ${lacking}`, value: "" }] };
  const measured: Record<string, Measurement[]> = {};
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const { name, start } of candidates) {
      const target = await start();
      const measurement = await measureAndStop(bench, target);
      await target.remove();
      measured[name] = [...(measured[name] ?? []), measurement];
      bench.say(`round ${round}  ${describe(name, measurement)}`);
    }
  }
  return {
    measured,
    rows: [],
    matrix: [
      ["", "durable events/s", "processor an event", "p50", "p99", "memory at its peak"],
      ...candidates.map(({ name }) => [name, ...figures(measured[name] ?? [])]),
    ],
  };
}

function figures(rounds: readonly Measurement[]): string[] {
  const of = (pick: (measurement: Measurement) => number) => median(rounds.map(pick));
  return [
    of(({ eventsPerSecond }) => eventsPerSecond).toFixed(0),
    `${of(({ cpuMicros }) => cpuMicros).toFixed(0)} us`,
    `${of(({ latency }) => latency.p50).toFixed(0)} ms`,
    `${of(({ latency }) => latency.p99).toFixed(0)} ms`,
    `${(of(({ peakRssBytes }) => peakRssBytes) / MB).toFixed(0)} MB`,
  ];
}
