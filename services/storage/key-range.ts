import type { DocumentPageQuery } from "./versioned-documents.ts";

/** Keys from `from` on (after it, if `exclusive`) and below `to`; no `to` means no upper bound. */
export interface KeyRange {
  readonly from: string;
  readonly exclusive: boolean;
  readonly to?: string;
}

/** The range of keys, in the order of their code points, that a page query asks for. */
export function keyRange({ keyPrefix, afterKey }: DocumentPageQuery): KeyRange {
  const to = firstAfterPrefix(keyPrefix);
  const after = afterKey !== undefined && Buffer.compare(Buffer.from(afterKey), Buffer.from(keyPrefix)) >= 0;
  return { from: after ? afterKey : keyPrefix, exclusive: after, ...(to !== undefined && { to }) };
}

/** The smallest string that is greater than every string with this prefix, if there is one. */
function firstAfterPrefix(prefix: string): string | undefined {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0)!);
  for (let last = codePoints.pop(); last !== undefined; last = codePoints.pop()) {
    if (last === 0x10ffff) continue; // the last code point: its successor is that of what stands before it
    const next = last === 0xd7ff ? 0xe000 : last + 1; // surrogates are no characters
    return String.fromCodePoint(...codePoints, next);
  }
  return undefined;
}
