import type { AppKey } from "../../runtime/app-key.ts";
import { conflict } from "../../storage/versioned-documents.ts";
import type { IngestionContext } from "../context.ts";
import type { Retention } from "./retention.ts";

/** One pass over what an app no longer keeps. */
export interface Pass {
  readonly app: AppKey;
  /** What is older goes: effective time of events, sent time of pushes; milliseconds since 1970. */
  readonly beforeMs: number;
  /** Whether this process is still the one to go on; asked between pages. */
  readonly goesOn: () => Promise<boolean>;
}

/**
 * Changes an app's record, whoever else does at the same time.
 *
 * @param change the same object where nothing is to be written
 * @returns the record as it is stored now
 */
export async function changeRetention(
  { retentions }: Pick<IngestionContext, "retentions">,
  app: AppKey,
  change: (stored: Retention) => Retention,
): Promise<Retention> {
  for (;;) {
    const current = (await retentions.load([app])).get(app);
    const before = current?.value ?? { app, days: 0, passedMs: 0, causes: [] };
    const next = change(before);
    if (next === before) return before;
    const [written] = await retentions.save([{ key: app, expectedVersion: current?.version ?? 0, value: next }]);
    if (written !== conflict) return next;
  }
}

/** Removes something on whose account journal entries change: those are noted before, and counted anew after. */
export async function withJournal<T>(
  context: IngestionContext,
  { app, causes }: { readonly app: AppKey; readonly causes: readonly string[] },
  remove: () => Promise<T>,
): Promise<T> {
  if (causes.length === 0) return remove();
  const { causes: noted } = await changeRetention(context, app, (stored) => ({
    ...stored,
    causes: [...new Set([...stored.causes, ...causes])],
  }));
  const removed = await remove();
  await countJournalAnew(context, app, noted);
  return removed;
}

/** Counts journal entries anew and takes them off the record. */
export async function countJournalAnew(
  context: IngestionContext,
  app: AppKey,
  noted: readonly string[],
): Promise<void> {
  if (noted.length === 0) return;
  await context.journal.recompute(noted.map((fingerprint) => ({ app, fingerprint })));
  const counted = new Set(noted);
  await changeRetention(context, app, (stored) => ({
    ...stored,
    causes: stored.causes.filter((fingerprint) => !counted.has(fingerprint)),
  }));
}
