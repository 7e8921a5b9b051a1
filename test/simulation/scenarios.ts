import type { ClusterOptions, Weather } from "./cluster.ts";
import { serviceNames } from "./open-service.ts";
import { anyMix, type Cast, type Mix, randomCast } from "./operations.ts";
import type { Random } from "./random.ts";

type Replicas = ClusterOptions["replicas"];
type Faults = Omit<Weather, "healed">;

/** What a simulation is about. What is said is what happens most, not all that does. */
export interface Scenario {
  readonly name: string;
  readonly mix: Mix;
  /** Operations, at least and at most. */
  readonly operations: readonly [least: number, most: number];
  /** Operations begin within so many milliseconds; one of these. */
  readonly busyMs: readonly number[];
  cast(random: Random, startMs: number): Cast;
  replicas(random: Random): Replicas;
  faults(random: Random): Faults;
}

const anything: Scenario = {
  name: "anything happens",
  mix: anyMix,
  operations: [5, 30],
  busyMs: [200, 2_000, 20_000],
  cast: randomCast,
  replicas: (random) => eachOf(() => 1 + random.below(2)),
  faults: (random) => ({
    crashProbability: 0.15 * level(random),
    lossProbability: 0.3 * level(random),
    doubleProbability: 0.3 * level(random),
    longDelayProbability: 0.2 * level(random),
    refusalProbability: 0.1 * level(random),
    stallProbability: 0.1 * level(random),
  }),
};

/**
 * Who works on one device gets in each other's way, and what is remembered or on its way is soon out of date. A later
 * login puts right what went wrong on its device, so that there are several devices with a few events each.
 */
const sharedDevices: Scenario = {
  name: "several people share devices",
  mix: { event: 93, refresh: 0, unlink: 4, report: 0, push: 3 },
  operations: [40, 60],
  busyMs: [300, 3_000],
  cast: (random, startMs) => ({
    ...randomCast(random, startMs),
    tokens: ["tok-a", "tok-b", "tok-c", "tok-d", "tok-e", "tok-f", "tok-g", "tok-h"],
    users: ["ann", "bob", "cyd"],
    anonymousProbability: 0.7,
  }),
  replicas: () => ({ ingestion: 2, device: 3, identity: 1, tracking: 1 }),
  faults: (random) => ({
    crashProbability: 0,
    lossProbability: 0,
    doubleProbability: random.pick([0, 0.8]),
    longDelayProbability: random.pick([0, 0.1]),
    refusalProbability: 0,
    stallProbability: random.pick([0, 0.05, 0.2]),
  }),
};

const scenarios: readonly Scenario[] = [
  anything,
  sharedDevices,
  {
    ...anything,
    name: "tokens are replaced by each other",
    mix: { event: 60, refresh: 30, unlink: 3, report: 2, push: 5 },
    cast: (random, startMs) => ({ ...randomCast(random, startMs), tokens: ["tok-a", "tok-b", "tok-c"] }),
  },
  {
    ...sharedDevices,
    name: "operators unlink people from the devices that they share",
    mix: { event: 75, refresh: 0, unlink: 25, report: 0, push: 0 },
    cast: (random, startMs) => ({ ...sharedDevices.cast(random, startMs), anonymousProbability: 0.55 }),
  },
  {
    ...anything,
    name: "pushes are sent and reported",
    mix: { event: 35, refresh: 5, unlink: 0, report: 30, push: 30 },
    cast: (random, startMs) => ({ ...randomCast(random, startMs), tokens: ["tok-a", "tok-b"], users: ["ann"] }),
  },
];

export const scenarioNames: readonly string[] = scenarios.map(({ name }) => name);

/**
 * The scenario of a seed: each has its turn, so that a few seeds in a row are about everything.
 *
 * @param named part of the name of the one that all seeds are to have
 */
export function scenarioOf(seed: number, named?: string): Scenario {
  if (named === undefined) return scenarios[seed % scenarios.length]!;
  const scenario = scenarios.find(({ name }) => name.includes(named));
  if (scenario === undefined) throw new Error(`there is no scenario "${named}", only: ${scenarioNames.join("; ")}`);
  return scenario;
}

/** How much of a fault there is: often none, seldom much. */
function level(random: Random): number {
  return random.chance(0.4) ? 0 : random.next() ** 2;
}

function eachOf(count: () => number): Replicas {
  return Object.fromEntries(serviceNames.map((name) => [name, count()])) as Replicas;
}
