import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { fiveProcesses, oneProcess, type SystemKind, startSystem } from "../systems/system.ts";

/** From starting the process to ready, on a folder that was used before. */
export async function startup({ options, say }: Bench): Promise<SectionResult> {
  const measured: Record<string, number[]> = {};
  for (const kind of [oneProcess, fiveProcesses]) {
    measured[kind.name] = await starts(kind, options.rounds);
    say(`${kind.name}: ${measured[kind.name]?.map((ms) => `${Math.round(ms)} ms`).join(", ")}`);
  }
  const seconds = (name: string) => median(measured[name] ?? []) / 1_000;
  return {
    measured,
    rows: [
      row("one process, ready after", seconds(oneProcess.name), { unit: "s", atMost: 2 }),
      row("five processes, ready after", seconds(fiveProcesses.name), { unit: "s" }),
    ],
  };
}

async function starts(kind: SystemKind, count: number): Promise<number[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-bench-"));
  const times: number[] = [];
  // The first start fills the caches of the file system and does not count.
  for (let start = 0; start <= count; start++) {
    const system = await startSystem(kind, { dataDir });
    await system.stop();
    if (start > 0) times.push(system.startMs);
  }
  await rm(dataDir, { recursive: true });
  return times;
}
