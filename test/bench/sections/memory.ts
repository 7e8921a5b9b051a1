import { type Bench, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { orderFor } from "./measure.ts";

const MB = 1_000_000;
const SAMPLE_EVERY_MS = 1_000;
/** What is filled at the beginning, caches and the young generation, is full after this part of the time. */
const SETTLED_SHARE = 0.3;

/** Resident memory under full load, sampled every second. */
export async function memory({ options, load, say }: Bench): Promise<SectionResult> {
  const system = await startSystem(oneProcess);
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(system.use().rssBytes), SAMPLE_EVERY_MS);
  const order = { connections: options.connections, durationMs: options.minutes * 60_000, warmUpMs: 1_000 };
  const result = await load.run(orderFor(system, order));
  clearInterval(timer);
  await system.stop();
  await system.remove();
  const settled = samples.slice(Math.floor(samples.length * SETTLED_SHARE));
  const half = Math.floor(settled.length / 2);
  const highest = (part: readonly number[]) => Math.max(...part) / MB;
  say(`${result.statuses[200]} events, ${samples.length} samples`);
  return {
    measured: { samples, statuses: result.statuses },
    rows: [
      row("memory at its peak", highest(samples), { unit: "MB", digits: 0, atMost: 300 }),
      row(
        "second half / first half, after caches are full",
        highest(settled.slice(half)) / highest(settled.slice(0, half)),
        {
          atMost: 1.05,
        },
      ),
    ],
  };
}
