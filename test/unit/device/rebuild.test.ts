import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { absorb } from "../../../services/device/absorb.ts";
import { type Device, isDeliverable, owner } from "../../../services/device/device.ts";
import { attribution, type Observation, observe } from "../../../services/device/observe.ts";
import { rebuilt } from "../../../services/device/rebuild.ts";
import { anonymous, deviceOf, hash, identified } from "./device-builder.ts";

/** The device after the user's events were erased and the others looked up. */
function erase(device: Device, appUserId: string, left: readonly Observation[]): Device {
  const { latest, latestIdentified } = deviceOf(...left);
  return rebuilt(device, { latest, latestIdentified }, { appUserId, erasedMs: 1_000, nowMs: 1_000 });
}

describe("a device after an erasure", () => {
  test("whose latest event was erased is nobody's, not the earlier owner's", () => {
    const before = [identified(1, "ann")];
    const device = erase(deviceOf(...before, identified(2, "bob")), "bob", before);
    expect(owner(device)).toBe("");
    expect(JSON.stringify(device)).not.toContain("bob");
    expect(isDeliverable(device)).toBe(true);
  });

  test("has an owner again once a device event after the erased one arrives, and not by an earlier one", () => {
    const before = [identified(1, "ann")];
    const device = erase(deviceOf(...before, identified(5, "bob")), "bob", before);
    expect(owner(observe(device, [identified(4, "ann")], 0))).toBe("");
    expect(owner(observe(device, [identified(6, "ann")], 0))).toBe("ann");
  });

  test("is the user's again who sends the erased event again", () => {
    const device = erase(deviceOf(identified(5, "bob")), "bob", []);
    expect(owner(observe(device, [identified(5, "bob")], 0))).toBe("bob");
  });

  test("keeps its owner where the erased events were not the latest", () => {
    const left = [identified(1, "ann"), identified(3, "ann")];
    const device = erase(deviceOf(...left, identified(2, "bob")), "bob", left);
    expect(owner(device)).toBe("ann");
    expect(device.erased).toBeNull();
  });

  test("without events is unknown, unless a refresh was accepted", () => {
    const device = deviceOf(identified(5, "bob"));
    expect(erase(device, "bob", []).known).toBe(false);
    const refreshes = [{ oldToken: "a", newToken: "b", order: 1 }];
    expect(erase({ ...device, refreshes }, "bob", []).known).toBe(true);
  });

  test("has everything that floats due, and forgets the user's unlinking", () => {
    const device = { ...deviceOf(anonymous(1), hash(9), identified(5, "bob")), unlinked: ["ann", "bob"] };
    const after = erase(device, "bob", [anonymous(1)]);
    expect(after.due).toMatchObject({ fromMs: 1, toMs: 9, revision: after.revision });
    expect(after.revision).toBeGreaterThan(device.revision);
    expect(after.unlinked).toEqual(["ann"]);
  });

  test("rebuilt again is nobody's still, also when an observation of the erased event came late", () => {
    const left = [identified(1, "ann")];
    const device = erase(deviceOf(...left, identified(5, "bob")), "bob", left);
    const haunted = observe(device, [identified(5, "bob")], 0);
    const after = erase(haunted, "", left);
    expect(owner(erase(device, "", left))).toBe("");
    expect(owner(after)).toBe("");
    expect(after.latest).toMatchObject({ appUserId: "ann" });
  });

  test("is nobody's whichever of the two it was that becomes one with another", () => {
    const erased = erase(deviceOf(identified(5, "bob")), "bob", []);
    const other = deviceOf(identified(3, "ann", { token: "b" }));
    expect(owner(absorb(erased, other, 0))).toBe("");
    expect(owner(absorb(other, erased, 0))).toBe("");
    expect(owner(absorb(erased, deviceOf(identified(6, "ann", { token: "b" })), 0))).toBe("ann");
  });

  test("gives events by hash to the earlier owner only up to the erased event", () => {
    const left = [identified(1, "ann")];
    const device = erase(deviceOf(...left, identified(5, "bob")), "bob", left);
    expect(attribution(device, hash(4))).toEqual({ by: "owner", appUserId: "ann" });
    expect(attribution(device, hash(6))).toEqual({ by: "anonymousProfile" });
  });

  test("never is an earlier owner's, whatever arrives in whatever order", () => {
    const event = fc.record({ t: fc.integer({ min: 1, max: 9 }), user: fc.constantFrom("ann", "cyd", "") });
    fc.assert(
      fc.property(fc.array(event), fc.array(event), (before, after) => {
        const observation = ({ t, user }: { t: number; user: string }) =>
          user === "" ? anonymous(t) : identified(t, user, { fingerprint: `${user}${t}` });
        const left = before.map(observation);
        const erased = identified(5, "bob", { fingerprint: "z" });
        const device = erase(deviceOf(...left, erased), "bob", left);
        const later = after.map(observation);
        const end = later.reduce((state, each) => observe(state, [each], 0), device);
        const latest = [...left, ...later].filter(({ effectiveMs }) => effectiveMs > 5);
        if (latest.length === 0) expect(owner(end)).toBe("");
        else expect(owner(end)).toBe(owner(deviceOf(...latest)));
      }),
    );
  });
});
