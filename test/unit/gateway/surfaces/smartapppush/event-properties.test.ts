import { describe, expect, test } from "vitest";
import { readStrictJson } from "../../../../../gateway/body/strict-json.ts";
import { parseEvent } from "../../../../../gateway/surfaces/smartapppush/event-body.ts";
import { eventBody } from "./bodies.ts";

const KB_32 = 32 * 1024;

const parse = (changes: Record<string, unknown>) =>
  parseEvent(readStrictJson(Buffer.from(JSON.stringify(eventBody(changes)))));

function codes(changes: Record<string, unknown>): string[] {
  const parsed = parse(changes);
  return parsed.ok ? [] : parsed.errors.map(({ field, code }) => `${field} ${code}`);
}

function message(changes: Record<string, unknown>): string {
  const parsed = parse(changes);
  return parsed.ok ? "accepted" : (parsed.errors[0]?.message ?? "");
}

/** An object of exactly `bytes` bytes of JSON. */
const sized = (bytes: number) => ({ k: "x".repeat(bytes - '{"k":""}'.length) });
const keyed = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

describe.each(["params", "context"])("%s", (field) => {
  const other = field === "params" ? "context" : "params";

  test.each([undefined, null])("%j is an empty object", (value) => {
    expect(parse({ [field]: value })).toMatchObject({ ok: true, value: { [field]: {}, [`${field}Json`]: "{}" } });
  });

  test.each([["x"], [""], [1], [false], [[]], [[{}]]])("%j is an error of type", (value) => {
    expect(codes({ [field]: value })).toEqual([`${field} invalid_type`]);
  });

  test("any key is kept as it is, and serialized once", () => {
    const value = { $gt: "", "a.b": 1, "": 2, ключ: ["😀", null] };
    expect(parse({ [field]: value })).toMatchObject({
      ok: true,
      value: { [field]: value, [`${field}Json`]: JSON.stringify(value) },
    });
  });

  test("may be 16 levels deep, itself the first", () => {
    expect(codes({ [field]: deep(16) })).toEqual([]);
    expect(codes({ [field]: deep(17) })).toEqual([`${field} too_deep`]);
    expect(codes({ [field]: { a: [[[[[[[[[[[[[[[]]]]]]]]]]]]]]] } })).toEqual([]);
    expect(codes({ [field]: { a: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]] } })).toEqual([`${field} too_deep`]);
  });

  test("may have 256 keys, nested ones counted", () => {
    expect(codes({ [field]: keyed(256) })).toEqual([]);
    expect(codes({ [field]: keyed(257) })).toEqual([`${field} too_large`]);
    expect(codes({ [field]: { a: [keyed(255)] } })).toEqual([]);
    expect(codes({ [field]: { a: [keyed(256)] } })).toEqual([`${field} too_large`]);
    expect(message({ [field]: keyed(300) })).toBe(
      `${field} has 300 keys, nested ones counted; at most 256 are accepted`,
    );
  });

  test("may be 32 KB alone", () => {
    expect(codes({ [field]: sized(KB_32), [other]: undefined })).toEqual([]);
    expect(codes({ [field]: sized(KB_32 + 1), [other]: undefined })).toEqual([`${field} too_large`]);
    expect(codes({ [field]: sized(KB_32 - 1), [other]: {} })).toEqual([`${field} too_large`]);
  });

  test("is named where it is the larger one of two that are too large together", () => {
    expect(codes({ [field]: sized(20_000), [other]: sized(KB_32 - 20_000) })).toEqual([]);
    expect(codes({ [field]: sized(20_000), [other]: sized(KB_32 - 20_000 + 1) })).toEqual([`${field} too_large`]);
  });

  test("has one error where it is too large in both ways", () => {
    const both = { ...keyed(300), ...sized(KB_32) };
    expect(codes({ [field]: both })).toEqual([`${field} too_large`]);
    expect(message({ [field]: both })).toContain("keys");
  });
});

test("size is counted in bytes of UTF-8 of the serialization", () => {
  expect(codes({ params: { k: "€".repeat(10_920) }, context: undefined })).toEqual([]);
  expect(codes({ params: { k: "€".repeat(10_921) }, context: undefined })).toEqual(["params too_large"]);
  expect(codes({ params: { k: "😀".repeat(8190) }, context: undefined })).toEqual([]);
  expect(codes({ params: { k: "😀".repeat(8191) }, context: undefined })).toEqual(["params too_large"]);
  expect(codes({ params: { k: "\n".repeat(16_380) }, context: undefined })).toEqual([]);
  expect(codes({ params: { k: "\n".repeat(16_381) }, context: undefined })).toEqual(["params too_large"]);
});

test("params is named where both are equally large", () => {
  expect(codes({ params: sized(20_000), context: sized(20_000) })).toEqual(["params too_large"]);
  expect(message({ params: sized(20_000), context: sized(20_000) })).toBe(
    "params is 20000 bytes, together with context 40000 bytes; at most 32768 are accepted together",
  );
});

test("both are named where each has an error of its own", () => {
  expect(codes({ params: sized(KB_32 + 1), context: keyed(257) })).toEqual(["params too_large", "context too_large"]);
  expect(codes({ params: deep(20), context: [] })).toEqual(["params too_deep", "context invalid_type"]);
});

test("nesting far beyond the limit is an error like any other", () => {
  const text = JSON.stringify(eventBody({ params: "HERE" })).replace(
    '"HERE"',
    `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`,
  );
  expect(parseEvent(readStrictJson(Buffer.from(text)))).toMatchObject({
    errors: [{ field: "params", code: "too_deep" }],
  });
});
