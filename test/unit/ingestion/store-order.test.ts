import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareInOrder } from "../../../services/ingestion/event-order.ts";
import { placeKey } from "../../../services/ingestion/mongodb-documents.ts";
import { fingerprint } from "../../contract/ingestion/event-fixture.ts";

const places = fc.record({
  // Years 1 to 9999, in milliseconds.
  effectiveMs: fc.oneof(
    fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
    fc.constantFrom(-1, 0, 1, -62_135_596_800_000, 253_402_300_799_999),
  ),
  fingerprint: fc.integer({ min: 0, max: 3 }).map(fingerprint),
});

describe("the order of events", () => {
  test("is that of their places as strings, from the year 1 to the year 9999", () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        const [left, right] = [placeKey(a), placeKey(b)];
        expect(Math.sign(compareInOrder(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
        expect(left).toHaveLength(right.length);
      }),
    );
  });
});
