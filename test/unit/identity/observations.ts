import fc from "fast-check";
import { type ProfileState, widen } from "../../../services/identity/profiles/profile.ts";

const time = fc.integer({ min: -50, max: 50 });

/** What one event or several say about a user, within so few times that they meet often. */
export const anyObservation: fc.Arbitrary<ProfileState> = fc
  .tuple(time, time, fc.option(time, { nil: undefined }), fc.integer({ min: 0, max: 4 }))
  .map(([a, b, deviceTime, fingerprint]) => ({
    firstSeenMs: Math.min(a, b),
    lastSeenMs: Math.max(a, b),
    ...(deviceTime === undefined ? {} : { attributes: attributesOf(deviceTime, String(fingerprint)) }),
  }));

/** One event has one set of attributes: they follow from its place in the order. */
function attributesOf(t: number, fingerprint: string) {
  const language = `${t}/${fingerprint}`;
  return { t, fingerprint, platform: "web", timezone: "Europe/Berlin", language, country: "DE" };
}

/** The plain fold that every way of widening must agree with. */
export function fold(observations: readonly ProfileState[]): ProfileState | undefined {
  return observations.reduce<ProfileState | undefined>(widen, undefined);
}
