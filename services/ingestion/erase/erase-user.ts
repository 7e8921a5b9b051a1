import { parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { Cause } from "../effects/merge-journal.ts";
import { isFloating } from "../event.ts";
import { addCounts, type Erasure, type ErasureCounts, erasureKey } from "./erasure.ts";
import { changeErasure } from "./erasure-record.ts";
import { rebuildDevices } from "./rebuild-devices.ts";
import { deviceKeysOf, erasedPages, settleDevicesOf } from "./remove-events.ts";

/**
 * How long after everything was removed it is looked for once more: 10 s, twice the longest deadline of a call by which
 * something said of an erased event may still arrive.
 */
export const RECHECK_MS = 10_000;
/** Pushes are removed by one call, however many they are: 60 s. */
const PUSHES_TIMEOUT_MS = 60_000;
/** Journal entries asked for at once. */
const PAGE = 1_000;

/**
 * Removes what is stored of a user and takes back what followed from it. Every step may be repeated, by whomever, so
 * that it begins anew wherever it was left.
 *
 * What floats goes before the events that took it, and pushes before both: as long as those are there, nothing that
 * settles a device meanwhile can attribute any of it to somebody else.
 *
 * @returns what was removed so far; undefined where somebody else has finished it
 * @throws whatever a store or a service answers; the sweeper then goes on
 */
export async function eraseUser(context: IngestionContext, begun: Erasure): Promise<ErasureCounts | undefined> {
  const { app, appUserId, requestedMs } = begun;
  const key = erasureKey(begun);
  const record = (change: (erasure: Erasure) => Erasure) =>
    changeErasure(context.erasures, key, (erasure) => erasure && change(erasure));
  const count = (counts: Partial<ErasureCounts>) =>
    record((erasure) => ({ ...erasure, counts: addCounts(erasure.counts, counts) }));

  for await (const events of erasedPages(context, begun)) await settleDevicesOf(context, begun, events);
  const { erasedCount } = await context.pushes.erasePushes(
    { ...parseAppKey(app), appUserId, registeredBeforeMs: requestedMs + 1, onlyNamed: begun.removedOnce },
    { timeoutMs: PUSHES_TIMEOUT_MS },
  );
  if (erasedCount > 0) await count({ pushCount: Number(erasedCount) });

  const taken: Cause[] = await causesTo(context, begun);
  for (const floating of [true, false]) {
    for await (const events of erasedPages(context, begun)) {
      const removals = events.filter((event) => isFloating(event) === floating);
      if (removals.length === 0) continue;
      await record((erasure) => withDevices(erasure, deviceKeysOf(removals)));
      const fingerprints = removals.map(({ fingerprint }) => fingerprint);
      const removed = await context.events.remove({ app, appUserId, receivedUpToMs: requestedMs, fingerprints });
      await count({ eventCount: removed });
    }
  }
  const gone = await context.journal.recompute([...taken, ...(await causesTo(context, begun))]);
  if (gone.size > 0) await count({ mergeCount: gone.size });

  const erasure = await record((current) => current);
  if (erasure === undefined) return undefined;
  // Not before the events are gone, which would take what they did not. An operator may unlink the user anew after that.
  if (!begun.removedOnce) await context.devices.endUserUnlinks({ ...parseAppKey(app), appUserId });
  const owned = await rebuildDevices(context, erasure);
  await context.profileEffects.recompute([{ app, appUserId }]);
  return finish(context, { begun, owned });
}

/** Keeps the erasure for the look at what was on its way; after that look it goes. */
async function finish(
  { erasures, clock }: IngestionContext,
  { begun, owned }: { readonly begun: Erasure; readonly owned: number },
): Promise<ErasureCounts | undefined> {
  const key = erasureKey(begun);
  if (begun.removedOnce) {
    const stored = (await erasures.load([key])).get(key);
    if (stored?.value.requestedMs === begun.requestedMs) await erasures.remove([{ key, version: stored.version }]);
    return stored?.value.counts;
  }
  const finished = await changeErasure(erasures, key, (erasure) => {
    // Asked for again meanwhile: whoever does that removes everything once more.
    if (erasure?.requestedMs !== begun.requestedMs) return erasure;
    const counts = addCounts(erasure.counts, { deviceCount: owned });
    return { ...erasure, counts, removedOnce: true, dueMs: clock.now() + RECHECK_MS };
  });
  return finished?.counts;
}

/** What took anything for the user. */
async function causesTo(context: IngestionContext, { app, appUserId }: Erasure): Promise<Cause[]> {
  const causes: Cause[] = [];
  let pageToken = "";
  do {
    const page = await context.profiles.listMerges({ ...parseAppKey(app), appUserId, pageSize: PAGE, pageToken });
    causes.push(...page.merges.map(({ fingerprint }) => ({ app, fingerprint })));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return causes;
}

function withDevices(erasure: Erasure, deviceKeys: readonly string[]): Erasure {
  const known = new Set(erasure.deviceKeys);
  const added = deviceKeys.filter((key) => !known.has(key));
  return added.length === 0 ? erasure : { ...erasure, deviceKeys: [...erasure.deviceKeys, ...added] };
}
