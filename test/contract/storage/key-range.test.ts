import fc from "fast-check";
import { expect, test } from "vitest";
import { keyRange } from "../../../services/storage/key-range.ts";

/** In the order of code points, which is that of UTF-8 bytes. */
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Few characters, at the edges of what there are, so that strings have much in common. */
const character = fc.constantFrom("\u0000", "a", "b", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{10ffff}");
const key = fc.string({ unit: character, maxLength: 4 });

test("a key is in the range if it has the prefix and comes after the given key", () => {
  fc.assert(
    fc.property(key, fc.option(key, { nil: undefined }), key, (keyPrefix, afterKey, candidate) => {
      const { from, exclusive, to } = keyRange({ keyPrefix, limit: 1, ...(afterKey !== undefined && { afterKey }) });
      const order = compare(candidate, from);
      const inRange = (exclusive ? order > 0 : order >= 0) && (to === undefined || compare(candidate, to) < 0);
      const wanted = candidate.startsWith(keyPrefix) && (afterKey === undefined || compare(candidate, afterKey) > 0);
      expect(inRange).toBe(wanted);
    }),
    { numRuns: 5_000 },
  );
});
