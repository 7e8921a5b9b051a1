import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { differencesFrom, withReceipts } from "../simulation/compare.ts";
import type { Accepted } from "./accepted.ts";
import { erased } from "./changes.ts";
import { type State, stateOf } from "./state.ts";
import type { ErasureCounts, EventSketch, Target } from "./target.ts";

/** Milliseconds between two looks at a system that has not come there yet. */
const LOOK_EVERY_MS = 100;

/** What was asked of a target so far. */
export interface World {
  /** When the target's app was made, milliseconds, to the minute. */
  readonly startMs: number;
  /** What was accepted, with reports received as early as they may have been. */
  earliest: Accepted;
  /** The same with reports received as late as they may have been. */
  latest: Accepted;
  /** Everything that was ever sent. */
  readonly sent: EventSketch[];
  /** Whether an `anon:` id that was erased may still mean whom it meant then. */
  erasing: boolean;
}

export function newWorld({ now }: Target): World {
  const nothing: Accepted = { events: [], refreshes: [], unlinks: [], pushes: [], reports: [] };
  const startMs = Math.floor(now() / 60_000) * 60_000;
  return { startMs, earliest: nothing, latest: nothing, sent: [], erasing: false };
}

/** Both readings of what was accepted, changed alike. */
export function change(world: World, to: (accepted: Accepted) => Accepted): void {
  world.earliest = to(world.earliest);
  world.latest = to(world.latest);
}

/** Reads the state, takes over the times of receipt, and throws what differs once the target's patience is over. */
export async function check(world: World, target: Target): Promise<State> {
  const deadlineMs = Date.now() + target.patienceMs;
  for (;;) {
    const shown = await target.shown();
    const differences = differencesFrom(shown, world.earliest, world.latest);
    if (differences.length === 0) {
      change(world, (accepted) => withReceipts(accepted, shown));
      return stateOf(world.earliest);
    }
    if (Date.now() >= deadlineMs) throw new Error(differences.join("\n"));
    await sleep(LOOK_EVERY_MS);
  }
}

/** Erases whom an id means by now, and checks what is told of that. */
export async function erase(world: World, target: Target, named: string): Promise<void> {
  const { anonymousIds } = await check(world, target);
  const meant = named.startsWith("anon:") ? (anonymousIds.get(named.slice("anon:".length)) ?? named) : named;
  const left = erased(world.earliest, meant);
  const expected = countsOf(world.earliest, left);
  const counts = await target.erase(named);
  if (!isDeepStrictEqual(counts, expected))
    throw new Error(`erasing ${named} removed ${JSON.stringify(counts)}, should be ${JSON.stringify(expected)}`);
  change(world, (accepted) => erased(accepted, meant));
  if (named.startsWith("anon:")) world.erasing = true;
}

/** What goes, counted from the states before and after. */
export function countsOf(before: Accepted, after: Accepted): ErasureCounts {
  const [was, is] = [stateOf(before), stateOf(after)];
  const owned = ({ devices }: State) => [...devices.values()].filter(({ ownerAppUserId }) => ownerAppUserId !== "");
  return {
    eventCount: before.events.length - after.events.length,
    pushCount: before.pushes.length - after.pushes.length,
    mergeCount: [...was.merges.keys()].filter((fingerprint) => !is.events.has(fingerprint)).length,
    deviceCount: owned(was).length - owned(is).length,
  };
}
