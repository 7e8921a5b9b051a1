import fc from "fast-check";
import { expect, test } from "vitest";
import { absorb } from "../../../services/device/absorb.ts";
import { type Device, isDeliverable, noDevice, owner, settled } from "../../../services/device/device.ts";
import { attribution, type Observation, observe } from "../../../services/device/observe.ts";
import { anonymous, attributes, deviceOf, hash, identified } from "./device-builder.ts";

const dueOf = (device: Device) => device.due && [device.due.fromMs, device.due.toMs];
const calm = (device: Device) => settled(device, device.revision);

test("a login takes what floats since the login before it", () => {
  const device = calm(deviceOf(identified(10, "A"), anonymous(20), anonymous(25)));
  expect(dueOf(observe(device, [identified(30, "B")], 0))).toEqual([20, 25]);
});

test("a login with nothing floating since the login before it makes nothing due", () => {
  const device = calm(deviceOf(anonymous(5), identified(10, "A")));
  expect(dueOf(observe(device, [identified(30, "B")], 0))).toBeNull();
});

test("a second login at the time of the highest one takes nothing if it comes after it in order", () => {
  const device = calm(deviceOf(anonymous(10), identified(10, "A", { fingerprint: "5" })));
  expect(dueOf(observe(device, [identified(10, "B", { fingerprint: "6" })], 0))).toBeNull();
  expect(dueOf(observe(device, [identified(10, "B", { fingerprint: "4" })], 0))).toEqual([10, 10]);
});

test("a login below the highest one makes due what floats up to it", () => {
  const device = calm(deviceOf(anonymous(5), anonymous(20), identified(30, "A")));
  expect(dueOf(observe(device, [identified(10, "B")], 0))).toEqual([5, 10]);
});

test("a device event makes due the events by hash after it", () => {
  const device = calm(deviceOf(identified(1, "A"), hash(20)));
  expect(dueOf(observe(device, [anonymous(10)], 0))).toEqual([10, 20]);
  expect(dueOf(observe(device, [anonymous(21)], 0))).toBeNull();
});

test("what floats in the same batch as its login is not due: its attribution is decided after the batch", () => {
  const batch = [anonymous(5), identified(10, "A")];
  const device = observe(noDevice, batch, 0);
  expect(dueOf(device)).toBeNull();
  expect(attribution(device, batch[0]!)).toEqual({ by: "timeline" });
});

test("an event by hash waits for a device, and is due when the device becomes known", () => {
  const stub = deviceOf(hash(5));
  expect(stub.known).toBe(false);
  expect(attribution(stub, hash(5))).toEqual({ by: "waiting" });
  const device = observe(stub, [anonymous(10)], 0);
  expect(dueOf(device)).toEqual([5, 5]);
  expect(attribution(device, hash(12))).toEqual({ by: "anonymousProfile" });
});

test("an event by hash after the latest device event belongs to the owner, an earlier one to whom the events say", () => {
  const device = deviceOf(identified(10, "A"));
  expect(attribution(device, hash(11))).toEqual({ by: "owner", appUserId: "A" });
  expect(attribution(device, hash(9))).toEqual({ by: "timeline" });
});

test("a late identified event changes nothing, a late anonymous one floats and makes no device known", () => {
  expect(observe(noDevice, [identified(10, "A", { live: null })], 0)).toBe(noDevice);
  const stub = deviceOf(anonymous(10, { live: null }));
  expect(stub).toMatchObject({ known: false, latest: null, floating: { fromMs: 10, toMs: 10 } });
  expect(dueOf(observe(stub, [identified(20, "A")], 0))).toEqual([10, 10]);
});

test("a device that observes again what it has observed last is the same object", () => {
  const observations = [anonymous(5), hash(6), identified(10, "A"), anonymous(12), anonymous(3, { live: null })];
  for (const [index, last] of observations.entries()) {
    const device = deviceOf(...observations.slice(0, index + 1));
    expect(observe(device, [last], 9)).toBe(device);
  }
});

test("attribution that was widened after it was read stays due when the reader has applied it", () => {
  const read = deviceOf(anonymous(5), identified(10, "A"));
  const widened = observe(read, [identified(7, "B")], 0);
  expect(settled(widened, read.due!.revision)).toBe(widened);
  expect(settled(widened, widened.due!.revision).due).toBeNull();
});

test("nobody owns a device whose latest event is anonymous or says that its user left", () => {
  expect(owner(deviceOf(identified(1, "A")))).toBe("A");
  expect(owner(deviceOf(identified(1, "A"), anonymous(2)))).toBe("");
  expect(owner(deviceOf(identified(1, "A", { live: { leaves: true, attributes } })))).toBe("");
});

test("a device is deliverable with permission and a token not reported invalid since its latest event", () => {
  const device = deviceOf(identified(10, "A"));
  const reported = (token: string, receivedMs: number) => ({ ...device, invalidReports: [{ token, receivedMs }] });
  expect(isDeliverable(device)).toBe(true);
  expect(isDeliverable(reported("a", 10))).toBe(false);
  expect(isDeliverable(reported("a", 9))).toBe(true);
  expect(isDeliverable(reported("retired", 10))).toBe(true);
  const denied = { leaves: false, attributes: { ...attributes, pushPermissionGranted: false } };
  expect(isDeliverable(deviceOf(identified(10, "A", { live: denied })))).toBe(false);
  expect(isDeliverable(deviceOf(hash(1)))).toBe(false);
});

const observation = fc
  .record({
    kind: fc.constantFrom("identified", "anonymous", "hash"),
    at: fc.nat({ max: 9 }),
    user: fc.constantFrom("A", "B"),
    token: fc.constantFrom("a", "b"),
    late: fc.boolean(),
  })
  .map(({ kind, at, user, token, late }): Observation => {
    const more = late ? { token, live: null } : { token };
    return kind === "hash" ? hash(at) : kind === "identified" ? identified(at, user, more) : anonymous(at, more);
  });
const observations = fc.uniqueArray(observation, { selector: (one) => one.fingerprint, maxLength: 8 });

/** What remains when what depends on the number of saves is left out. */
function lasting({ due: _, revision: __, ...rest }: Device) {
  return rest;
}

test("the same observations in any order, repeated and in any batches give the same device", () => {
  const shuffled = observations.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
      fc.nat({ max: 8 }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([all, again, cut]) => {
      const once = observe(noDevice, all, 0);
      const batched = observe(observe(noDevice, again.slice(0, cut), 0), again.slice(cut), 0);
      expect(lasting(batched)).toEqual(lasting(once));
    }),
  );
});

test("devices absorb each other to the same device in any order, any number of times, as if it had always been one", () => {
  fc.assert(
    fc.property(observations, fc.nat({ max: 8 }), fc.nat({ max: 8 }), (...[all, x, y]) => {
      const [from, to] = [Math.min(x, y), Math.max(x, y)];
      const parts = [all.slice(0, from), all.slice(from, to), all.slice(to)];
      const [a, b, c] = parts.map((part) => observe(noDevice, part, 0)) as [Device, Device, Device];
      const one = lasting(observe(noDevice, all, 0));
      expect(lasting(absorb(absorb(a, b, 0), c, 0))).toEqual(one);
      expect(lasting(absorb(a, absorb(c, b, 0), 0))).toEqual(one);
      expect(lasting(absorb(absorb(absorb(b, c, 0), a, 0), c, 0))).toEqual(one);
    }),
  );
});
