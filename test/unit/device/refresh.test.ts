import { expect, test } from "vitest";
import { absorb } from "../../../services/device/absorb.ts";
import { type Device, settled } from "../../../services/device/device.ts";
import { hasRefresh, isOtherUsers, refresh } from "../../../services/device/refresh.ts";
import { currentToken, rootToken } from "../../../services/device/tokens.ts";
import { anonymous, deviceOf, identified } from "./device-builder.ts";

const options = { other: undefined, joinKey: undefined, nowMs: 0 };

/** A device that has seen an anonymous event with the first token and accepted these refreshes, one a millisecond. */
function rotated(...pairs: readonly string[]): Device {
  return pairs.reduce(
    (device, pair, index) => {
      const [oldToken, newToken] = [pair[0]!, pair[1]!];
      return refresh(device, { oldToken, newToken, receivedMs: index }, options);
    },
    deviceOf(anonymous(1, { token: pairs[0]?.[0] ?? "a" })),
  );
}

const ends = (device: Device) => [rootToken(device), currentToken(device)];

test.each([
  { pairs: [], root: "a", current: "a", what: "no refresh" },
  { pairs: ["ab"], root: "a", current: "b", what: "one refresh" },
  { pairs: ["ab", "bc", "cd"], root: "a", current: "d", what: "a chain" },
  { pairs: ["bc", "ab"], root: "a", current: "c", what: "a chain whose earlier link is accepted later" },
  { pairs: ["ab", "ba"], root: "a", current: "a", what: "rotating back: no end, so the first and the last accepted" },
  { pairs: ["ab", "bc", "ca"], root: "a", current: "a", what: "rotating round" },
  { pairs: ["ab", "ac"], root: "a", current: "c", what: "two successors: the one accepted last" },
  { pairs: ["ac", "bc"], root: "a", current: "c", what: "two predecessors: the one accepted first" },
])("root and current token after $what", ({ pairs, root, current }) => {
  expect(ends(rotated(...pairs))).toEqual([root, current]);
});

test("a refresh received earlier than one that the device has accepted is accepted after it", () => {
  const device = refresh(rotated("ab"), { oldToken: "b", newToken: "a", receivedMs: -100 }, options);
  expect(device.refreshes.map(({ order }) => order)).toEqual([0, 1]);
  const other = { ...deviceOf(anonymous(1)), refreshes: [{ oldToken: "x", newToken: "y", order: 50 }] };
  expect(
    refresh(device, { oldToken: "b", newToken: "y", receivedMs: 3 }, { ...options, other }).refreshes.at(-1)?.order,
  ).toBe(51);
});

test("a refresh that gives the device another root token makes due all that floats", () => {
  const device = settled(rotated("ab", "db"), 99);
  expect(rootToken(device)).toBe("a");
  const after = refresh(device, { oldToken: "b", newToken: "a", receivedMs: 9 }, options);
  expect(rootToken(after)).toBe("d");
  expect(after.due).toMatchObject({ fromMs: 1, toMs: 1 });
});

test("a refresh to a fresh token makes nothing due", () => {
  expect(rotated("ab", "bc").due).toBeNull();
});

test("a refresh that two devices have accepted is in force once, since the first of them", () => {
  const merged = absorb(
    rotated("ab"),
    refresh(deviceOf(anonymous(2, { token: "b" })), { oldToken: "a", newToken: "b", receivedMs: 7 }, options),
    0,
  );
  expect(merged.refreshes).toEqual([{ oldToken: "a", newToken: "b", order: 0 }]);
  expect(hasRefresh(merged, { oldToken: "a", newToken: "b" })).toBe(true);
  expect(hasRefresh(merged, { oldToken: "b", newToken: "a" })).toBe(false);
});

test("a token is another user's unless nobody, the old device's owner or the named user owns its device", () => {
  const oldDevice = deviceOf(identified(1, "A"));
  expect(isOtherUsers(deviceOf(identified(1, "B")), { oldDevice, appUserId: "" })).toBe(true);
  expect(isOtherUsers(deviceOf(identified(1, "B")), { oldDevice, appUserId: "B" })).toBe(false);
  expect(isOtherUsers(deviceOf(identified(1, "A")), { oldDevice, appUserId: "" })).toBe(false);
  expect(isOtherUsers(deviceOf(anonymous(1)), { oldDevice, appUserId: "" })).toBe(false);
});
