import type { Client } from "@connectrpc/connect";
import type { IdentityService } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { TrackingService } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { Attribution } from "../event.ts";
import type { EventStore } from "../store.ts";
import { inBatches } from "./in-batches.ts";
import { ATTEMPTS, keptChanging } from "./kept-changing.ts";

/** Causes computed anew in one step: what a call may ask of tracking is 1,000. */
const STEP = 500;

/** An identified event that took others, or once did. */
export interface Cause {
  readonly app: AppKey;
  readonly fingerprint: string;
}

/** Keeps the merge journal in step with the attributions: one entry for each cause (semantics, Merge journal). */
export interface MergeJournal {
  /**
   * Computes the entries of causes anew from what is stored: after attributions to them were written or taken away, and
   * before the marks go that would have it done again.
   *
   * @returns fingerprints of the causes that take nothing
   */
  recompute(causes: readonly Cause[]): Promise<Set<string>>;
}

interface JournalContext {
  readonly events: EventStore;
  readonly profiles: Client<typeof IdentityService>;
  readonly pushes: Client<typeof TrackingService>;
}

/** The merge journal, kept where identity keeps it. */
export function createMergeJournal(context: JournalContext): MergeJournal {
  async function recomputeStep(app: AppKey, causes: readonly string[], empty: Set<string>): Promise<void> {
    // Most causes have no entry yet. A version that a refusal tells is older than what is counted after it.
    let open = causes.map((fingerprint) => ({ fingerprint, expectedVersion: 0n }));
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw keptChanging(`${open.length} journal entries`);
      const states = await takenBy(
        context,
        app,
        open.map(({ fingerprint }) => fingerprint),
      );
      const { results } = await context.profiles.replaceMerges({
        replacements: open.map(({ fingerprint, expectedVersion }, i) => ({
          key: { ...parseAppKey(app), fingerprint },
          expectedVersion,
          ...(states[i] && { state: states[i] }),
        })),
      });
      for (const [i, { fingerprint }] of open.entries()) if (results[i]!.applied && !states[i]) empty.add(fingerprint);
      open = open.flatMap(({ fingerprint }, i) => {
        const { applied, version } = results[i]!;
        return applied ? [] : [{ fingerprint, expectedVersion: version }];
      });
    }
  }

  async function recomputeAll(causes: readonly Cause[]): Promise<Set<string>> {
    const empty = new Set<string>();
    for (const [app, ofApp] of Map.groupBy(causes, (cause) => cause.app)) {
      const fingerprints = ofApp.map(({ fingerprint }) => fingerprint);
      for (let from = 0; from < fingerprints.length; from += STEP) {
        await recomputeStep(app, fingerprints.slice(from, from + STEP), empty);
      }
    }
    return empty;
  }

  const recomputeBatch = inBatches(recomputeAll, ({ app, fingerprint }) => `${app}/${fingerprint}`);
  return {
    async recompute(causes) {
      if (causes.length === 0) return new Set();
      const empty = await recomputeBatch(causes);
      return new Set(causes.map(({ fingerprint }) => fingerprint).filter((fingerprint) => empty.has(fingerprint)));
    },
  };
}

/** The causes in attributions: those of an app's events or pushes, as they are and as they were. */
export function causesOf(app: AppKey, attributions: readonly (Attribution | undefined)[]): Cause[] {
  return attributions.flatMap((attribution) =>
    attribution === undefined || attribution.attributedBy === "" ? [] : { app, fingerprint: attribution.attributedBy },
  );
}

/** What each cause took; undefined where that is nothing, or where the cause is gone. */
async function takenBy(context: JournalContext, app: AppKey, fingerprints: readonly string[]) {
  const [events, { counts: pushes }, causes] = await Promise.all([
    context.events.countAttributedBy(app, fingerprints),
    context.pushes.countPushesAttributedBy({ ...parseAppKey(app), fingerprints: [...fingerprints] }),
    context.events.getAll(app, fingerprints),
  ]);
  return fingerprints.map((fingerprint, i) => {
    const [eventCount, pushCount] = [events[i]!, Number(pushes[i]!)];
    if (eventCount === 0 && pushCount === 0) return undefined;
    // A cause that was erased: what it took is about to be attributed anew.
    const cause = causes.get(fingerprint);
    if (cause === undefined) return undefined;
    const { deviceKey, sentAppUserId: toAppUserId, effectiveMs: causeMs } = cause;
    return { deviceKey, toAppUserId, causeMs, eventCount, pushCount };
  });
}
