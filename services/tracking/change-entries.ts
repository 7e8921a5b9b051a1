import { conflictBackoff } from "../storage/conflict-backoff.ts";
import { conflict } from "../storage/versioned-documents.ts";
import type { TrackingContext } from "./context.ts";
import type { LedgerEntry } from "./push.ts";
import type { PushKey } from "./push-key.ts";
import type { EntryWrite } from "./store.ts";

/** What becomes of an entry: the same object or undefined where it stays as it is. May be called several times. */
export type EntryChange = (entry: LedgerEntry | undefined) => LedgerEntry | undefined;

/**
 * Changes entries by compare-and-swap: one load and one save unless somebody else changes them meanwhile.
 *
 * @returns the entries as they are stored now, of those that exist
 * @throws ConnectError UNAVAILABLE where too many change them at once, and whatever a change throws; some may be written
 */
export async function changeEntries(
  { pushes, clock, random }: Pick<TrackingContext, "pushes" | "clock" | "random">,
  changes: ReadonlyMap<PushKey, EntryChange>,
): Promise<Map<PushKey, LedgerEntry>> {
  const result = new Map<PushKey, LedgerEntry>();
  const backoff = conflictBackoff({ clock, random });
  for (let open = [...changes]; ; ) {
    const stored = await pushes.load(open.map(([key]) => key));
    const writes: EntryWrite[] = [];
    for (const [key, change] of open) {
      const current = stored.get(key);
      const entry = change(current?.value) ?? current?.value;
      if (entry === undefined) {
        result.delete(key);
        continue;
      }
      result.set(key, entry);
      if (entry !== current?.value) writes.push({ key, expectedVersion: current?.version ?? 0, entry });
    }
    if (writes.length === 0) return result;
    const versions = await pushes.save(writes);
    const refused = new Set(writes.filter((_, i) => versions[i] === conflict).map(({ key }) => key));
    if (refused.size === 0) return result;
    open = open.filter(([key]) => refused.has(key));
    await backoff();
  }
}
