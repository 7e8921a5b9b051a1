import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readStrictJson } from "../../../../../gateway/body/strict-json.ts";
import { parseRefreshToken } from "../../../../../gateway/surfaces/smartapppush/refresh-token-body.ts";
import { refreshTokenBody } from "./bodies.ts";

const parse = (changes: Record<string, unknown>) =>
  parseRefreshToken(readStrictJson(Buffer.from(JSON.stringify(refreshTokenBody(changes)))));

function codes(changes: Record<string, unknown>): string[] {
  const parsed = parse(changes);
  return parsed.ok ? [] : parsed.errors.map(({ field, code }) => `${field} ${code}`);
}

test("a refresh becomes typed", () => {
  expect(parse({ app_user_id: "user_1", platform: "ios", extra: [] })).toEqual({
    ok: true,
    value: {
      tenantId: "tenant_1",
      apiKey: "key_1",
      oldToken: "tok_1",
      newToken: "tok_2",
      namedUser: { appUserId: "user_1", userSignature: "" },
      appUserId: "user_1",
      platform: "ios",
      unknownFields: ["extra"],
    },
  });
});

test.each([undefined, null])("user and platform may be %j", (value) => {
  expect(parse({ app_user_id: value, platform: value })).toMatchObject({
    ok: true,
    value: { appUserId: "", platform: null },
  });
});

test("an empty user is none", () => {
  expect(parse({ app_user_id: "" })).toMatchObject({ value: { appUserId: "" } });
});

test("anon: of either token is nobody, of any other is reserved", () => {
  expect(parse({ app_user_id: "anon:tok_1" })).toMatchObject({ value: { appUserId: "" } });
  expect(parse({ app_user_id: "anon:tok_2" })).toMatchObject({ value: { appUserId: "" } });
  expect(codes({ app_user_id: "anon:tok_3" })).toEqual(["app_user_id reserved"]);
});

test("equal tokens are an error of the new one", () => {
  expect(codes({ new_token: "tok_1" })).toEqual(["new_token same_token"]);
  expect(codes({ old_token: "a b", new_token: "a b" })).toEqual([
    "old_token invalid_format",
    "new_token invalid_format",
  ]);
  expect(codes({ old_token: "", new_token: "" })).toEqual(["old_token required", "new_token required"]);
});

describe("tokens", () => {
  test.each(["old_token", "new_token"])("%s follows the rules of device tokens", (field) => {
    expect(codes({ [field]: undefined })).toEqual([`${field} required`]);
    expect(codes({ [field]: 1 })).toEqual([`${field} invalid_type`]);
    expect(codes({ [field]: "a\tb" })).toEqual([`${field} invalid_format`]);
    expect(codes({ [field]: "x".repeat(4096) })).toEqual([]);
    expect(codes({ [field]: "x".repeat(4097) })).toEqual([`${field} too_long`]);
  });
});

test("everything wrong is told at once, in the order of the table", () => {
  expect(codes({ platform: "PC", app_user_id: 5, new_token: null, old_token: {}, api_key: "", tenant_id: [] })).toEqual(
    [
      "tenant_id invalid_type",
      "api_key required",
      "old_token invalid_type",
      "new_token required",
      "app_user_id invalid_type",
      "platform invalid_value",
    ],
  );
});

test("an unreadable body is one error", () => {
  expect(parseRefreshToken(readStrictJson(Buffer.from("[]")))).toMatchObject({
    errors: [{ field: "body", code: "invalid_type" }],
  });
});

test("property: no JSON makes it throw", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.jsonValue(),
      (oldToken, newToken) => void parse({ old_token: oldToken, new_token: newToken }),
    ),
  );
});
