import { repeat } from "../runtime/background-work.ts";
import { togetherOrOneByOne } from "../runtime/one-by-one.ts";
import { conflict } from "../storage/versioned-documents.ts";
import type { TrackingContext } from "./context.ts";
import { HOLD_MS } from "./held-reports.ts";
import { finishOutstanding } from "./outstanding.ts";
import { begin, type LedgerEntry } from "./push.ts";
import { type PushKey, parsePushKey } from "./push-key.ts";

/** How often it looks: 1 s. */
const INTERVAL_MS = 1_000;
/** What was begun less than 5 s ago is still being done by whoever began it. */
const LEAVE_ALONE_MS = 5_000;
/**
 * Expired reports are removed 10 min late: a registration may have been received that long ago, by another process's
 * clock. Whether a report applies is not decided here but from its receipt when the push is registered.
 */
const GRACE_MS = 600_000;
/** Pushes taken up at once. */
const BATCH = 256;

/** What the tracking service does by itself. Replicas may run it side by side. */
export interface Maintenance {
  /** Does once what is due; true if there may be more. */
  sweep(): Promise<boolean>;
  /** Goes on until the signal aborts. Resolves, never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Finishes what a crash or another service's outage left undone, and removes reports of pushes that nobody registered. */
export function createMaintenance(context: TrackingContext): Maintenance {
  async function sweep(): Promise<boolean> {
    const expired = await removeExpired(context);
    const undone = await finishUndone(context);
    return expired === BATCH || undone === BATCH;
  }

  const { clock, log } = context;
  const failure = "could not finish what follows from pushes; trying again";
  return {
    sweep,
    run: (signal) => repeat({ step: sweep, intervalMs: INTERVAL_MS, failure, clock, log }, signal),
  };
}

async function removeExpired({ pushes, clock }: TrackingContext): Promise<number> {
  const lastReceiptBeforeMs = clock.now() - HOLD_MS - GRACE_MS;
  const expired = await pushes.expired({ lastReceiptBeforeMs, limit: BATCH });
  if (expired.length > 0) await pushes.remove(expired);
  return expired.length;
}

async function finishUndone(context: TrackingContext): Promise<number> {
  const nowMs = context.clock.now();
  const found = await context.pushes.outstanding({ begunBeforeMs: nowMs - LEAVE_ALONE_MS, limit: BATCH });
  if (found.length === 0) return 0;
  // Whoever writes the new time takes the push up; to others it is one just begun. What fails goes to the back.
  const taken = found.map(({ key, version, push }) => ({ key, expectedVersion: version, entry: begin(push, nowMs) }));
  const versions = await context.pushes.save(taken);
  const mine = taken.filter((_, i) => versions[i] !== conflict);
  for (const [app, ofApp] of Map.groupBy(mine, ({ key }) => parsePushKey(key).app)) {
    const entries = ofApp.map(({ key, entry }): [PushKey, LedgerEntry] => [key, entry]);
    try {
      await togetherOrOneByOne(entries, (some) => finishOutstanding(context, app, new Map(some)), nowMs);
    } catch (error) {
      context.log.warn({ err: error, pushes: entries.length }, "what follows from pushes is still outstanding");
    }
  }
  return found.length;
}
