import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scenarioNames } from "./scenarios.ts";
import { simulate } from "./simulate.ts";

const help = `Runs the real services on virtual time over a faulty network, ending processes at any step, and compares what
becomes of it with an independent model of the semantics.

  npm run simulate -- [--seeds N] [--from SEED]   N seeds (1000), beginning with SEED (1), each of the scenario whose
                                                  turn it is
      --scenario TEXT                             only the scenario with this in its name
      --jobs N                                    as many processes at once (2)
      --first                                     stop at the first seed that shows a difference
  npm run simulate -- --seed SEED                 one seed, with everything that happened

Scenarios:
${scenarioNames.map((name) => `  ${name}\n`).join("")}`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    scenario: { type: "string" },
    jobs: { type: "string", default: "2" },
    first: { type: "boolean", default: false },
    help: { type: "boolean" },
  },
});
if (values.help) process.stdout.write(help);
else if (values.seed !== undefined) process.exitCode = await runOne(Number(values.seed));
else process.exitCode = await runMany({ from: Number(values.from), count: Number(values.seeds) }, Number(values.jobs));

interface Seeds {
  readonly from: number;
  readonly count: number;
}

async function runOne(seed: number): Promise<number> {
  const { differences, history } = await simulate(seed, values.scenario);
  for (const line of [...history, ...differences]) process.stdout.write(`${line}\n`);
  process.stdout.write(`seed ${seed}: ${differences.length} differences\n`);
  return differences.length === 0 ? 0 : 1;
}

/** Runs seeds here, or shares of them in processes of their own; 0 if none shows a difference. */
async function runMany({ from, count }: Seeds, jobs: number): Promise<number> {
  if (jobs === 1) return runSeeds({ from, count });
  const share = Math.ceil(count / jobs);
  const statuses = await Promise.all(
    Array.from({ length: jobs }, (_, job) => {
      const first = from + job * share;
      return runApart({ from: first, count: Math.max(0, Math.min(share, from + count - first)) });
    }),
  );
  return Math.max(...statuses);
}

async function runApart({ from, count }: Seeds): Promise<number> {
  const own = ["--jobs", "1", "--from", String(from), "--seeds", String(count)];
  const shared = [...(values.scenario === undefined ? [] : ["--scenario", values.scenario]), ...first()];
  const script = fileURLToPath(import.meta.url);
  const [status] = (await once(
    spawn(process.execPath, [script, ...own, ...shared], { stdio: "inherit" }),
    "close",
  )) as [number | null];
  return status ?? 1;
}

function first(): string[] {
  return values.first ? ["--first"] : [];
}

async function runSeeds({ from, count }: Seeds): Promise<number> {
  let failed = 0;
  for (let seed = from; seed < from + count; seed++) {
    const differences = await simulate(seed, values.scenario).then(
      (outcome) => outcome.differences,
      (error: unknown) => [String(error)],
    );
    if (differences.length > 0) {
      failed++;
      const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : "";
      process.stdout.write(`seed ${seed}: ${differences[0]}${more}\n`);
    }
    if (failed > 0 && values.first) break;
    const done = seed - from + 1;
    if (done % 100 === 0 || done === count)
      process.stdout.write(`seeds ${from} to ${seed}: ${done} of ${count} done, ${failed} failed\n`);
  }
  return failed === 0 ? 0 : 1;
}
