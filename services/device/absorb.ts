import { type Device, type InvalidReport, type Joining, revised } from "./device.ts";
import { latestOf } from "./event-position.ts";
import { hull } from "./extent.ts";
import { byAcceptance, type TokenRefresh, withTokens } from "./tokens.ts";

/**
 * One device out of two whose tokens turned out to be the same device's: the greatest or the union of everything, so
 * that neither order nor repetition matters. All that floats is due.
 */
export function absorb(into: Device, from: Device, nowMs: number): Device {
  const floating = hull(into.floating, from.floating);
  const merged: Device = {
    tokens: withTokens(into.tokens, from.tokens),
    refreshes: mergeRefreshes(into.refreshes, from.refreshes),
    latest: latestOf(into.latest, from.latest),
    erased: latestOf(into.erased, from.erased),
    latestIdentified: latestOf(into.latestIdentified, from.latestIdentified),
    floating,
    hashToMs:
      into.hashToMs === null || from.hashToMs === null
        ? (into.hashToMs ?? from.hashToMs)
        : Math.max(into.hashToMs, from.hashToMs),
    known: into.known || from.known,
    unlinked: [...new Set([...into.unlinked, ...from.unlinked])].sort(),
    invalidReports: mergeReports(into.invalidReports, from.invalidReports),
    due: into.due,
    joining: mergeJoining(into.joining, from.joining),
    revision: Math.max(into.revision, from.revision),
  };
  return revised({ device: merged, moved: hull(floating, from.due), nowMs });
}

function mergeRefreshes(a: readonly TokenRefresh[], b: readonly TokenRefresh[]): readonly TokenRefresh[] {
  return mergeBy([...a, ...b], {
    key: (refresh) => JSON.stringify([refresh.oldToken, refresh.newToken]),
    // A pair that both accepted was accepted when the first of them did; the other time it was a repeat.
    better: (x, y) => x.order < y.order,
  }).toSorted(byAcceptance);
}

function mergeReports(a: readonly InvalidReport[], b: readonly InvalidReport[]): readonly InvalidReport[] {
  return mergeBy([...a, ...b], { key: (report) => report.token, better: (x, y) => x.receivedMs > y.receivedMs });
}

function mergeJoining(a: readonly Joining[], b: readonly Joining[]): readonly Joining[] {
  return mergeBy([...a, ...b], { key: (joining) => joining.key, better: (x, y) => x.sinceMs < y.sinceMs });
}

/** One item a key, in the order of keys. */
function mergeBy<T>(
  items: readonly T[],
  rule: { readonly key: (item: T) => string; readonly better: (x: T, y: T) => boolean },
): readonly T[] {
  const best = new Map<string, T>();
  for (const item of items) {
    const key = rule.key(item);
    const rival = best.get(key);
    if (rival === undefined || rule.better(item, rival)) best.set(key, item);
  }
  return [...best].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, item]) => item);
}
