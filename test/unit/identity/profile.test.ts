import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ProfileState, widen } from "../../../services/identity/profiles/profile.ts";
import { anyObservation, fold } from "./observations.ts";

describe("widening a profile", () => {
  test("keeps the least and the greatest time and the attributes of the latest device event", () => {
    const first: ProfileState = { firstSeenMs: 5, lastSeenMs: 9, attributes: attributes(9, "b", "de") };
    const widened = widen(first, { firstSeenMs: 2, lastSeenMs: 7, attributes: attributes(7, "c", "fr") });
    expect(widened).toEqual({ firstSeenMs: 2, lastSeenMs: 9, attributes: attributes(9, "b", "de") });
  });

  test("of two device events at the same time takes the greater fingerprint", () => {
    const a: ProfileState = { firstSeenMs: 3, lastSeenMs: 3, attributes: attributes(3, "aa", "de") };
    const b: ProfileState = { firstSeenMs: 3, lastSeenMs: 3, attributes: attributes(3, "ab", "fr") };
    expect(widen(a, b).attributes?.language).toBe("fr");
    expect(widen(b, a).attributes?.language).toBe("fr");
  });

  test("a later event without a device leaves the attributes alone", () => {
    const device: ProfileState = { firstSeenMs: 3, lastSeenMs: 3, attributes: attributes(3, "aa", "de") };
    expect(widen(device, { firstSeenMs: 8, lastSeenMs: 8 })).toEqual({ ...device, lastSeenMs: 8 });
    expect(widen({ firstSeenMs: 8, lastSeenMs: 8 }, device)).toEqual({ ...device, lastSeenMs: 8 });
  });

  test("does not depend on the order of observations", () => {
    fc.assert(
      fc.property(shuffled(), ([observations, otherOrder]) => {
        expect(fold(otherOrder)).toEqual(fold(observations));
      }),
    );
  });

  test("does not depend on how observations were grouped before", () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { minLength: 2 }), fc.nat(), (observations, at) => {
        const cut = 1 + (at % (observations.length - 1));
        const grouped = widen(fold(observations.slice(0, cut)), fold(observations.slice(cut))!);
        expect(grouped).toEqual(fold(observations));
      }),
    );
  });

  test("an observation that is made again adds nothing", () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { minLength: 1 }), fc.nat(), (observations, at) => {
        const state = fold(observations)!;
        expect(widen(state, observations[at % observations.length]!)).toEqual(state);
      }),
    );
  });
});

function attributes(t: number, fingerprint: string, language: string) {
  return { t, fingerprint, platform: "web", timezone: "Europe/Berlin", language, country: "DE" };
}

function shuffled() {
  return fc
    .array(anyObservation, { minLength: 1 })
    .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
}
