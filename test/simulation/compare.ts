import { isDeepStrictEqual } from "node:util";
import { type Accepted, nothingRemains } from "../model/accepted.ts";
import type { DeviceView } from "../model/devices.ts";
import type { PushView } from "../model/pushes.ts";
import { type State, stateOf } from "../model/state.ts";
import type { ShownState } from "./final-state.ts";

/**
 * What differs between what the operator API shows and what the page says of what was accepted. Nothing is what should be.
 *
 * @param accepted times of receipt of events are read from what is shown
 * @param latest where it is not known exactly when a report was received: the same with those reports as late as they may
 * have been, and as early as they may have been in `accepted`
 */
export function differencesFrom(shown: ShownState, accepted: Accepted, latest = accepted): string[] {
  const found: string[] = [];
  const differ = (what: string, is: unknown, shouldBe: unknown) => {
    if (!isDeepStrictEqual(is, shouldBe))
      found.push(`${what}: is ${JSON.stringify(is)}, should be ${JSON.stringify(shouldBe)}`);
  };
  const state = stateOf(withReceipts(accepted, shown));
  const later = latest === accepted ? state : stateOf(withReceipts(latest, shown));

  differ("events stored", [...shown.events.keys()].sort(), [...state.events.keys()].sort());
  for (const [fingerprint, event] of state.events) {
    const { receivedMs: _, ...is } = shown.events.get(fingerprint) ?? { receivedMs: undefined };
    differ(`event ${fingerprint.slice(0, 8)}`, is, event);
  }
  differ("profiles", sorted(shown.profiles), sorted(state.profiles));
  differ("devices", sorted(shown.devices), sorted(expectedDevices(shown, state, later)));
  differ("pushes", sorted(shown.pushes), sorted(expectedPushes(shown, state, later)));
  differ("journal", sorted(shown.merges), sorted(state.merges));
  differ("definitions", sorted(shown.definitions), sorted(state.definitions));
  differ("anonymous ids", sorted(shown.anonymousIds), sorted(state.anonymousIds));
  return found;
}

/** What was accepted, with each event's receipt as it is shown. */
export function withReceipts(accepted: Accepted, shown: Pick<ShownState, "events">): Accepted {
  const events = accepted.events.map((event) => ({
    ...event,
    receivedMs: shown.events.get(event.fingerprint)?.receivedMs ?? event.receivedMs,
  }));
  return { ...accepted, events };
}

/** What was accepted, where reports of invalid tokens may have been received until then, milliseconds. */
export function reportsAsLateAs(receivedMs: number, accepted: Accepted): Accepted {
  const reports = (accepted.reports ?? []).map((report) =>
    report.of === "invalid token" ? { ...report, receivedMs } : report,
  );
  const { remains = nothingRemains } = accepted;
  const invalidTokens = remains.invalidTokens.map((report) => ({ ...report, receivedMs }));
  return { ...accepted, reports, remains: { ...remains, invalidTokens } };
}

/** Whether a device is deliverable is as shown where the receipt of a report decides that. */
function expectedDevices(shown: ShownState, state: State, later: State): Map<string, Omit<DeviceView, "rootToken">> {
  return new Map(
    [...state.devices].map(([token, { rootToken: _, ...device }]) => {
      const isDecided = device.deliverable === later.devices.get(token)?.deliverable;
      const deliverable = isDecided ? device.deliverable : (shown.devices.get(token)?.deliverable ?? false);
      return [token, { ...device, deliverable }];
    }),
  );
}

/** Times are as shown where they lie between the earliest and the latest possible. */
function expectedPushes(shown: ShownState, state: State, later: State): Map<string, PushView> {
  return new Map(
    [...state.pushes].map(([token, push]) => {
      const [is, last] = [shown.pushes.get(token), later.pushes.get(token)];
      const within = (of: "deliveredMs" | "openedMs") =>
        is?.[of] !== undefined && is[of] >= (push[of] ?? Number.NaN) && is[of] <= (last?.[of] ?? Number.NaN)
          ? is[of]
          : push[of];
      return [token, { ...push, deliveredMs: within("deliveredMs"), openedMs: within("openedMs") }];
    }),
  );
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
