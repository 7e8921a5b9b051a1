import type { Accepted } from "../model/accepted.ts";
import { eraseAndRelink } from "./aftermath.ts";
import { createSimulatedClient } from "./client.ts";
import { startCluster, type Weather } from "./cluster.ts";
import { differencesFrom, reportsAsLateAs } from "./compare.ts";
import { shownState } from "./final-state.ts";
import { app } from "./operations.ts";
import { over, pass } from "./passing-time.ts";
import { randomOf } from "./random.ts";
import { type Asked, runOperations } from "./run-operations.ts";
import { scenarioOf } from "./scenarios.ts";
import { verificationFindings } from "./verification.ts";
import { createVirtualTime } from "./virtual-time.ts";

/** 2026-03-29T12:00:00Z, in milliseconds. */
const START_MS = Date.UTC(2026, 2, 29, 12);
/** The faults go on for so long at most, then clients get their answers. */
const HEAL_AFTER_MS = 50_000;
/** After the last answer, so much time for what follows by itself: sweeps, leases, deadlines. */
const CALM_MS = 60_000;

/** What one seed came to. */
export interface Outcome {
  readonly seed: number;
  /** Differences between the page and the system; none is what should be. */
  readonly differences: string[];
  /** What was asked and what happened, for people. */
  readonly history: string[];
}

/**
 * Runs the real services over a faulty network, on stores whose processes end at any step, and compares with the model.
 *
 * @param scenarioName part of a scenario's name; the one whose turn it is otherwise
 */
export async function simulate(seed: number, scenarioName?: string): Promise<Outcome> {
  const random = randomOf(seed);
  const time = createVirtualTime(START_MS);
  const scenario = scenarioOf(seed, scenarioName);
  const weather: Weather = { healed: false, ...scenario.faults(random) };
  const replicas = scenario.replicas(random);
  const heal = () => {
    weather.healed = true;
  };
  // Before the start: where processes end at every second step, they are never all there until then.
  time.after(HEAL_AFTER_MS, heal);
  const cluster = await startCluster({ time, random: random.fork(), weather, replicas });
  const unknownDevices: Asked["unknownDevices"] = [];
  const clock = time.clockOf({ alive: true });
  const client = createSimulatedClient({ cluster, clock, random: random.fork(), unknownDevices });
  const cast = scenario.cast(random, START_MS);
  const run = { random, time, cluster, client, clock, cast, scenario, startMs: START_MS };
  const asked = await runOperations(run, { unknownDevices, heal });
  await pass(time, CALM_MS);
  const shown = await over(time, shownState(cluster));
  const refreshes = await over(time, cluster.acceptedRefreshes());
  const accepted = { ...asked.accepted, refreshes };
  const differences = [
    ...promisesBroken(asked, refreshes),
    ...differencesFrom(shown, accepted, reportsAsLateAs(time.now(), accepted)),
    ...(await over(time, verificationFindings(cluster, app))),
  ];
  const history = [...cluster.history, ...asked.history];
  // Whatever comes next would only say the same again.
  if (differences.length > 0) return { seed, differences, history };
  const aftermath = await eraseAndRelink(run, { accepted, shown });
  return { seed, differences: aftermath.differences, history: [...history, ...aftermath.history] };
}

/** Answers that were wrong when they were given, and refreshes that were accepted and are not there. */
function promisesBroken(asked: Asked, refreshes: Accepted["refreshes"]): string[] {
  const broken: string[] = [];
  for (const { oldToken, askedMs } of asked.unknownDevices) {
    const sinceMs = asked.knownSinceMs.get(oldToken) ?? Number.POSITIVE_INFINITY;
    if (sinceMs < askedMs)
      broken.push(`${oldToken} was unknown at ${askedMs}, though an event with it was accepted at ${sinceMs}`);
  }
  for (const { oldToken, newToken } of asked.accepted.refreshes) {
    const known = refreshes.some((refresh) => refresh.oldToken === oldToken && refresh.newToken === newToken);
    if (!known) broken.push(`the accepted refresh of ${oldToken} to ${newToken} is lost`);
  }
  return broken;
}
