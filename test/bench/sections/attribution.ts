import type { Visitors } from "../load/events.ts";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { describe, type Measurement, measureAndStop } from "./measure.ts";

const MIXES: readonly Visitors[] = ["signed in", "log in"];

/**
 * What attribution costs: the same events on the same devices in turns, once with nothing to attribute, and once as
 * usual, where 15 % are anonymous and 5 % are logins that take them.
 */
export async function attribution(bench: Bench): Promise<SectionResult> {
  const measured: Record<Visitors, Measurement[]> = { "signed in": [], "log in": [] };
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const visitors of MIXES) {
      const system = await startSystem(oneProcess);
      const measurement = await measureAndStop(bench, system, visitors);
      await system.remove();
      measured[visitors].push(measurement);
      bench.say(`round ${round}  ${describe(visitors, measurement)}`);
    }
  }
  const cost = (visitors: Visitors) => median(measured[visitors].map(({ cpuMicros }) => cpuMicros));
  const [without, as] = [cost("signed in"), cost("log in")];
  // Of 20 events one is a login with a past, whose cost is spread over all of them.
  return {
    measured,
    rows: [
      row("processor an event, all signed in", without, { unit: "us", digits: 0 }),
      row("processor an event, visitors log in", as, { unit: "us", digits: 0 }),
      row("of that for attribution", as - without, { unit: "us", digits: 0 }),
      row("processor a login that takes three events", (as - without) * 20, { unit: "us", digits: 0 }),
    ],
  };
}
