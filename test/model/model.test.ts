import { expect, test } from "vitest";
import { mongodbEngines } from "../contract/storage/engines.ts";
import { type Engine, fiveProcesses, handlers } from "./engines.ts";
import { runModel } from "./run-model.ts";

/** A few seconds' worth of each; `npm run test:model` runs more, with chance or a seed of one's own. */
const SEED = 1;

async function run(engine: Engine, amount: { readonly runs: number; readonly length: number }): Promise<void> {
  const { newTarget, close } = await engine.open();
  try {
    await runModel({ seed: SEED, ...amount, newTarget });
  } finally {
    await close();
  }
}

test("random operations come to what the page says, on the handlers on SQLite", () =>
  run(handlers(), { runs: 60, length: 40 }));

test("random operations come to what the page says, through five processes on SQLite", () =>
  run(fiveProcesses(), { runs: 4, length: 80 }));

test.for(mongodbEngines)(
  "random operations come to what the page says, on the handlers on $name",
  ({ url, atomicUpdates }) =>
    // The server whose updates are not atomic is also the slow one.
    run(handlers(url), atomicUpdates ? { runs: 25, length: 40 } : { runs: 2, length: 25 }),
);

test.for(mongodbEngines.filter(({ atomicUpdates }) => atomicUpdates))(
  "random operations come to what the page says, through five processes on $name",
  ({ url }) => run(fiveProcesses(url), { runs: 2, length: 80 }),
);

test("a list of operations that differs is told as sentences", async () => {
  const { newTarget, close } = await handlers().open();
  const forgetful = async () => {
    const target = await newTarget();
    return { ...target, setLink: async () => "accepted" as const };
  };
  const told = runModel({ seed: SEED, runs: 200, length: 40, newTarget: forgetful });
  await expect(told).rejects.toThrow(/\n {2}(ann|bob|cyd) (is unlinked from|is linked to) (phone|pad|watch|laptop)/);
  await close();
});
