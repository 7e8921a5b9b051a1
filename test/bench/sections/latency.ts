import type { PhaseResult } from "../load/messages.ts";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { fullLoad, orderFor } from "./measure.ts";

const SHARE_OF_PEAK = 0.7;
/** Connections of the open loop: enough that none has to be waited for. */
const CONNECTIONS = 256;
const SETTLE_MS = 2_000;

/** The answer's time at 70 % of what the same process has just done at most, open loop. */
export async function latency(bench: Bench): Promise<SectionResult> {
  const rounds: (PhaseResult & { readonly rate: number })[] = [];
  for (let round = 1; round <= bench.options.rounds; round++) {
    const system = await startSystem(oneProcess);
    const rate = (await fullLoad(bench, system)).perSecond * SHARE_OF_PEAK;
    const phases = [
      { durationMs: SETTLE_MS, rate },
      { durationMs: bench.options.seconds * 1_000, rate },
    ];
    const report = await bench.load.run(orderFor(system, { connections: CONNECTIONS, phases }));
    await system.stop();
    await system.remove();
    const result = report.phases[1] as PhaseResult;
    rounds.push({ rate, ...result });
    const { p50, p90, p99, max } = result.latency;
    const times = [p50, p90, p99, max].map((ms) => ms.toFixed(1)).join(" / ");
    const late = `the generator p99 ${result.lateness.p99.toFixed(1)} ms late, ${Math.round(result.cpu * 100)} % of a processor`;
    bench.say(`round ${round}  ${Math.round(rate)} requests/s: p50 / p90 / p99 / max ${times} ms; ${late}`);
  }
  const middle = (share: "p50" | "p90" | "p99" | "max") => median(rounds.map((round) => round.latency[share]));
  return {
    measured: rounds,
    rows: [
      ...(["p50", "p90", "p99", "max"] as const).map((share) =>
        row(`${share} at 70 % load`, middle(share), { unit: "ms", digits: 1 }),
      ),
      row("p99 / p50", median(rounds.map((round) => round.latency.p99 / round.latency.p50)), { digits: 1, atMost: 3 }),
      row("p99 of what the generator was late", median(rounds.map((round) => round.lateness.p99)), {
        unit: "ms",
        digits: 1,
      }),
    ],
  };
}
