import { changeEntries, type EntryChange } from "./change-entries.ts";
import type { TrackingContext } from "./context.ts";
import { applyExternalReport, type ExternalPush } from "./external-push.ts";
import type { PushReport } from "./held-reports.ts";
import { applyReport, type LedgerEntry } from "./push.ts";
import type { PushKey } from "./push-key.ts";

/** A report and the push that it is about. */
export interface ReportedPush {
  readonly key: PushKey;
  readonly report: PushReport;
  /** How an external sender names it, where one does. */
  readonly external?: ExternalPush;
}

/**
 * Stores reports, those of one push together.
 *
 * @returns the entries as they are now
 */
export function applyReports(
  context: TrackingContext,
  reports: readonly ReportedPush[],
): Promise<Map<PushKey, LedgerEntry>> {
  const byPush = Map.groupBy(reports, ({ key }) => key);
  const changes = new Map<PushKey, EntryChange>();
  for (const [key, ofPush] of byPush) {
    changes.set(key, (entry) => ofPush.reduce<LedgerEntry | undefined>(applyOne, entry));
  }
  return changeEntries(context, changes);
}

function applyOne(entry: LedgerEntry | undefined, { report, external }: ReportedPush): LedgerEntry {
  return external === undefined ? applyReport(entry, report) : applyExternalReport(entry, external, report);
}
