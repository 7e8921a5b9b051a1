import { isDeepStrictEqual } from "node:util";
import type { Accepted, Link } from "../model/accepted.ts";
import { erased, relinked } from "../model/changes.ts";
import { stateOf } from "../model/state.ts";
import { differencesFrom, reportsAsLateAs, withReceipts } from "./compare.ts";
import { type ShownState, shownState } from "./final-state.ts";
import { serviceNames } from "./open-service.ts";
import { randomEvent, type SimulatedEvent } from "./operations.ts";
import { over, pass } from "./passing-time.ts";
import type { SimulationRun } from "./run-operations.ts";

/** Time for a killed process to come back and finish what it had begun, milliseconds. */
const RECOVERY_MS = 60_000;
/** Milliseconds after which an erasure is over for good, and its `anon:` id free to mean somebody else. */
const ERASURE_MS = 15_000;

interface Aftermath {
  readonly accepted: Accepted;
  readonly differences: string[];
  readonly history: string[];
}

/** What an erasure removed. */
type Counts = Readonly<Record<"eventCount" | "pushCount" | "mergeCount" | "deviceCount", number>>;

/**
 * Operators' work on a quiet system, where it is decided what it comes to: links users again, and erases some, in part
 * while processes end. Erased events that are sent again start anew.
 */
export async function eraseAndRelink(
  run: SimulationRun,
  { accepted: before, shown }: { readonly accepted: Accepted; readonly shown: ShownState },
): Promise<Aftermath> {
  const { random, time, cluster, client, cast } = run;
  const differences: string[] = [];
  const history: string[] = [];
  let accepted = withReceipts(before, shown);
  for (const { deviceToken, appUserId } of accepted.unlinks) {
    if (random.chance(0.5)) continue;
    await over(time, client.ask({ kind: "relink", deviceToken, appUserId }));
    history.push(`${time.now()} relinked ${deviceToken} and ${appUserId}`);
    accepted = relinked(accepted, { deviceToken, appUserId });
  }
  if (accepted.unlinks.length < before.unlinks.length) {
    await pass(time, RECOVERY_MS);
    const shownNow = await over(time, shownState(cluster));
    differences.push(...differencesFrom(shownNow, accepted, reportsAsLateAs(time.now(), accepted)));
  }
  for (let erasures = random.pick([0, 0, 1, 2]); erasures > 0 && differences.length === 0; erasures--) {
    const { profiles, anonymousIds } = stateOf(accepted);
    const anonymous = [...anonymousIds.keys()].map((token) => `anon:${token}`);
    const unlinked = accepted.unlinks.map(({ appUserId }) => appUserId);
    const named = random.pick([...cast.users, ...profiles.keys(), ...anonymous, ...unlinked]);
    const meant = named.startsWith("anon:") ? anonymousIds.get(named.slice("anon:".length))! : named;
    const left = erased(accepted, meant);
    // The retry of a lost call may come when the `anon:` id means somebody else by then: that is the caller's mistake.
    const isDisturbed = !named.startsWith("anon:") && random.chance(0.5);
    if (isDisturbed) disturb(run);
    const { $typeName: _, ...counts } = await over(time, client.erase(named));
    history.push(`${time.now()} erased ${named}, which is ${meant}: ${JSON.stringify(counts)}`);
    const expected = countsOf(accepted, left);
    if (!isDisturbed && !isDeepStrictEqual(counts, expected))
      differences.push(`erasing ${named} removed ${JSON.stringify(counts)}, should be ${JSON.stringify(expected)}`);
    if (isDisturbed) await pass(time, RECOVERY_MS);
    const gone = accepted.events.filter((event) => !left.events.includes(event));
    const more = Array.from({ length: random.below(4) }, (_, n) => randomEvent(random, cast, 1_000 * erasures + n));
    const back = accepted.unlinks.filter(({ appUserId }) => appUserId === meant);
    const returns = back.flatMap(({ deviceToken }) => comesBack(run, { appUserId: meant, deviceToken }));
    const sent = [...gone.filter(() => random.chance(0.3)), ...more, ...returns];
    for (const event of sent) {
      await pass(time, 1 + random.below(2_000));
      await over(time, client.ask({ kind: "event", event }));
      history.push(`${time.now()} sent: ${JSON.stringify(event)}`);
    }
    await pass(time, ERASURE_MS);
    accepted = { ...left, events: [...left.events, ...sent.map((event) => ({ ...event, receivedMs: time.now() }))] };
    const shownNow = await over(time, shownState(cluster));
    differences.push(...differencesFrom(shownNow, accepted, reportsAsLateAs(time.now(), accepted)));
    accepted = withReceipts(accepted, shownNow);
  }
  return { accepted, differences, history };
}

/** Somebody uses a device without a name, then the user does: who was erased is no longer unlinked from it. */
function comesBack({ random, cast, time }: SimulationRun, { appUserId, deviceToken }: Link): SimulatedEvent[] {
  return ["", appUserId].map((sentAppUserId, n) => ({
    ...randomEvent(random, cast, time.now() + n),
    kind: "device",
    sentAppUserId,
    deviceToken,
    eventMs: time.now() + n,
  }));
}

function disturb({ random, time, cluster }: SimulationRun): void {
  for (const name of serviceNames) if (random.chance(0.4)) time.after(random.below(300), () => cluster.kill(name, 0));
}

/** What goes, counted from the model's states before and after. */
function countsOf(before: Accepted, after: Accepted): Counts {
  const [was, is] = [stateOf(before), stateOf(after)];
  const gone = before.events.length - after.events.length;
  const owners = [...was.devices.values()].filter(({ ownerAppUserId }) => ownerAppUserId !== "");
  const stillOwned = [...is.devices.values()].filter(({ ownerAppUserId }) => ownerAppUserId !== "");
  return {
    eventCount: gone,
    pushCount: before.pushes.length - after.pushes.length,
    mergeCount: [...was.merges.keys()].filter((fingerprint) => !is.events.has(fingerprint)).length,
    deviceCount: owners.length - stillOwned.length,
  };
}
