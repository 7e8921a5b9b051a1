import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

/** A few of each scenario; `npm run simulate` runs a thousand, and continuous integration does. */
const SEEDS = 40;

test("whatever is lost, doubled, delayed or ended in between, the state is what the page says of what was accepted", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { differences } = await simulate(seed);
    expect(differences, `npm run simulate -- --seed ${seed} shows everything that happened`).toEqual([]);
  }
}, 120_000);

test("the same seed does the same", async () => {
  const [first, second] = [await simulate(7), await simulate(7)];
  const withoutWallClock = (history: string[]) => history.filter((line) => !line.includes('"level"'));
  expect(withoutWallClock(second.history)).toEqual(withoutWallClock(first.history));
});
