import process from "node:process";
import { parseArgs } from "node:util";
import { type Engine, fiveProcesses, handlers, mongodbUrls } from "./engines.ts";
import { runModel } from "./run-model.ts";

const help = `Asks the real system for random operations, one after another, and compares what it shows with an independent
model of the semantics. Of a list that differs it prints the shortest it finds, as sentences.

  npm run test:model -- [--engine NAME]   handlers (default): the services' handlers in this process
                                          processes: five processes, over HTTP and gRPC
                      [--mongodb URL]     on this server instead of SQLite; all of CARILLON_TEST_MONGODB_URL is run
                                          with --mongodb all
                      [--runs N]          lists of operations (100)
                      [--length N]        operations of a list, at most (40)
                      [--seed N]          chance; the same seed asks for the same (one that is printed)
`;

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "handlers" },
    mongodb: { type: "string" },
    runs: { type: "string", default: "100" },
    length: { type: "string", default: "40" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    help: { type: "boolean" },
  },
});
if (values.help) process.stdout.write(help);
else for (const engine of chosenEngines()) await run(engine);

function chosenEngines(): Engine[] {
  const of = { handlers, processes: fiveProcesses }[values.engine];
  if (of === undefined) throw new Error(`--engine is "${values.engine}", should be handlers or processes`);
  if (values.mongodb === undefined) return [of()];
  return (values.mongodb === "all" ? mongodbUrls : [values.mongodb]).map(of);
}

async function run(engine: Engine): Promise<void> {
  const [seed, runs, length] = [Number(values.seed), Number(values.runs), Number(values.length)];
  const opened = await engine.open();
  try {
    await runModel({ seed, runs, length, newTarget: opened.newTarget });
    process.stdout.write(`${engine.name}: no difference in ${runs} runs of up to ${length} operations, seed ${seed}\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write(`${engine.name}: ${error instanceof Error ? `${error.message}\n${error.cause}` : error}\n`);
  } finally {
    await opened.close();
  }
}
