import process from "node:process";
import { parseArgs } from "node:util";
import { simulate } from "./simulate.ts";

const help = `Runs the real services on virtual time over a faulty network, ending processes at any step, and compares what
becomes of it with an independent model of the semantics.

  npm run simulate -- [--seeds N] [--from SEED]   N seeds (1000), beginning with SEED (1)
      --first                                     stop at the first seed that shows a difference
  npm run simulate -- --seed SEED                 one seed, with everything that happened
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    first: { type: "boolean", default: false },
    help: { type: "boolean" },
  },
});
if (values.help) process.stdout.write(help);
else
  process.exitCode =
    values.seed === undefined
      ? await runMany(Number(values.from), Number(values.seeds))
      : await runOne(Number(values.seed));

async function runOne(seed: number): Promise<number> {
  const { differences, history } = await simulate(seed);
  for (const line of [...history, ...differences]) process.stdout.write(`${line}\n`);
  process.stdout.write(`seed ${seed}: ${differences.length} differences\n`);
  return differences.length === 0 ? 0 : 1;
}

async function runMany(from: number, count: number): Promise<number> {
  let failed = 0;
  for (let seed = from; seed < from + count; seed++) {
    const differences = await simulate(seed).then(
      (outcome) => outcome.differences,
      (error: unknown) => [String(error)],
    );
    if (differences.length > 0) {
      failed++;
      process.stdout.write(
        `seed ${seed}: ${differences[0]}${differences.length > 1 ? ` (and ${differences.length - 1} more)` : ""}\n`,
      );
    }
    if (failed > 0 && values.first) break;
    if ((seed - from + 1) % 100 === 0) process.stdout.write(`${seed - from + 1} of ${count} seeds, ${failed} failed\n`);
  }
  return failed === 0 ? 0 : 1;
}
