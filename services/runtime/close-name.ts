/** One edit is allowed for every so many characters of the longer name, up to the most. */
const CHARACTERS_AN_EDIT = 4;
const MOST_EDITS = 3;

/**
 * The name among `candidates` that somebody who wrote `name` most likely meant: the same but for case and
 * separators, or a few edits away. Null where none is close, or where names differ in their numbers alone
 * (`level_1`, `level_2`), which is rarely a slip.
 */
export function closeName(name: string, candidates: Iterable<string>): string | null {
  const wanted = folded(name);
  let best: string | null = null;
  let bestEdits = MOST_EDITS + 1;
  for (const candidate of candidates) {
    const other = folded(candidate);
    const allowed = Math.floor(Math.max(wanted.length, other.length) / CHARACTERS_AN_EDIT);
    const limit = Math.min(allowed + 1, bestEdits);
    if (candidate === name || Math.abs(other.length - wanted.length) >= limit) continue;
    if (other !== wanted && withoutNumbers(other) === withoutNumbers(wanted)) continue;
    const edits = editDistance(wanted, other, limit);
    if (edits >= limit) continue;
    best = candidate;
    bestEdits = edits;
  }
  return best;
}

/** `PurchaseCompleted`, `purchase-completed` and `purchase_completed` are one. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");
}

function withoutNumbers(name: string): string {
  return name.replaceAll(/\p{N}+/gu, "0");
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b` (optimal string alignment),
 * or `limit` where there are at least that many.
 */
function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? beforeLast[j - 2]! + 1 : limit;
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1));
    }
    if (Math.min(...row) >= limit) return limit;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
