import fc from "fast-check";
import { commands } from "./commands.ts";
import type { Target } from "./target.ts";
import { check, newWorld } from "./world.ts";

export interface ModelRunOptions {
  readonly seed: number;
  /** Random lists of operations. */
  readonly runs: number;
  /** Operations of a list, at most. */
  readonly length: number;
  /** A target that nothing was asked of yet. */
  readonly newTarget: () => Promise<Target>;
}

/** Asks targets for random operations and compares with the model; throws with the shortest list found that differs. */
export async function runModel({ seed, runs, length, newTarget }: ModelRunOptions): Promise<void> {
  const property = fc.asyncProperty(commands(length), async (list) => {
    const target = await newTarget();
    const world = newWorld(target);
    await fc.asyncModelRun(() => ({ model: world, real: target }), list);
    await check(world, target);
  });
  await fc.assert(property, { seed, numRuns: runs });
}
