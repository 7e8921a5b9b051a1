import type { LoadResult } from "../load/messages.ts";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { oneProcess, startSystem } from "../systems/system.ts";
import { orderFor } from "./measure.ts";

const SHARE_OF_PEAK = 0.7;
/** Connections of the open loop: enough that none has to be waited for. */
const CONNECTIONS = 256;

/** The answer's time at 70 % of what the same process has just done at most, open loop. */
export async function latency({ options, load, say }: Bench): Promise<SectionResult> {
  const rounds: (LoadResult & { readonly rate: number })[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const system = await startSystem(oneProcess);
    const [durationMs, warmUpMs] = [options.seconds * 1_000, options.warmUpSeconds * 1_000];
    const full = await load.run(orderFor(system, { connections: options.connections, durationMs, warmUpMs }));
    const peak = (full.statuses[200] ?? 0) / full.seconds;
    const rate = peak * SHARE_OF_PEAK;
    const result = await load.run(orderFor(system, { connections: CONNECTIONS, durationMs, warmUpMs: 2_000, rate }));
    await system.stop();
    await system.remove();
    rounds.push({ rate, ...result });
    const { p50, p90, p99, max } = result.latency;
    const times = [p50, p90, p99, max].map((ms) => ms.toFixed(1)).join(" / ");
    say(`round ${round}  ${Math.round(rate)} requests/s: p50 / p90 / p99 / max ${times} ms`);
  }
  const middle = (share: "p50" | "p90" | "p99" | "max") => median(rounds.map((round) => round.latency[share]));
  return {
    measured: rounds,
    rows: [
      ...(["p50", "p90", "p99", "max"] as const).map((share) =>
        row(`${share} at 70 % load`, middle(share), { unit: "ms", digits: 1 }),
      ),
      row("p99 / p50", median(rounds.map((round) => round.latency.p99 / round.latency.p50)), { digits: 1, atMost: 3 }),
    ],
  };
}
