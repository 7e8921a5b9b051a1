import { type Bench, median, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { accepted, orderFor } from "./measure.ts";

const MB = 1_000_000;
const SAMPLE_EVERY_MS = 1_000;
/** What is filled at the beginning, caches and the young generation, is full after this. */
const SETTLED_AFTER = 60;
/** Flat: the straight line through all later samples (least squares) rises by at most this share of their mean. */
const FLAT = 0.05;

/** Resident memory under full load, sampled every second. */
export async function memory({ options, load, say }: Bench): Promise<SectionResult> {
  const system = await startSystem(oneProcess);
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(system.use().rssBytes), SAMPLE_EVERY_MS);
  const phases = [{ durationMs: options.minutes * 60_000 }];
  const report = await load.run(orderFor(system, { connections: options.connections, phases }));
  clearInterval(timer);
  const { peakRssBytes } = system.use();
  await system.stop();
  await system.remove();
  const events = report.phases.reduce((sum, phase) => sum + accepted(phase), 0);
  const minutes = Array.from({ length: Math.floor(samples.length / 60) }, (_, minute) =>
    Math.round(median(samples.slice(minute * 60, minute * 60 + 60)) / MB),
  );
  say(`${events} events; the median of each minute, MB: ${minutes.join(" ")}`);
  return {
    measured: { events, samples },
    rows: [
      row("memory at its peak", peakRssBytes / MB, { unit: "MB", digits: 0, atMost: 300 }),
      row("growth after the first minute, share of the mean", growth(samples.slice(SETTLED_AFTER)), { atMost: FLAT }),
    ],
  };
}

/** How much the straight line through evenly spaced numbers rises from the first to the last, as a share of their mean. */
function growth(numbers: readonly number[]): number {
  const count = numbers.length;
  const mean = numbers.reduce((sum, number) => sum + number, 0) / count;
  const middle = (count - 1) / 2;
  const covariance = numbers.reduce((sum, number, at) => sum + (at - middle) * (number - mean), 0);
  const variance = numbers.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  return ((covariance / variance) * (count - 1)) / mean;
}
