import { expect, test } from "vitest";
import { readStrictJson } from "../../../../../gateway/body/strict-json.ts";
import { parsePushOpened } from "../../../../../gateway/surfaces/smartapppush/push-opened-body.ts";
import { pushOpenedBody } from "./bodies.ts";

const parse = (changes: Record<string, unknown>) =>
  parsePushOpened(readStrictJson(Buffer.from(JSON.stringify(pushOpenedBody(changes)))));

function codes(changes: Record<string, unknown>): string[] {
  const parsed = parse(changes);
  return parsed.ok ? [] : parsed.errors.map(({ field, code }) => `${field} ${code}`);
}

test("a report becomes typed, its token in lower case", () => {
  expect(parse({ tracking_token: "0F8FAD5B-d9cb-469f-A165-70867728950E", extra: 1 })).toEqual({
    ok: true,
    value: {
      tenantId: "tenant_1",
      apiKey: "key_1",
      trackingToken: "0f8fad5b-d9cb-469f-a165-70867728950e",
      unknownFields: ["extra"],
    },
  });
});

test.each([
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "01936f2e-7c3a-7f4b-8d2e-1a2b3c4d5e6f",
])("%s is a UUID", (token) => {
  expect(codes({ tracking_token: token })).toEqual([]);
});

test.each([
  "x",
  "0f8fad5bd9cb469fa16570867728950e",
  "{0f8fad5b-d9cb-469f-a165-70867728950e}",
  "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
  "0f8fad5b-d9cb-469f-a165-70867728950g",
  "0f8fad5b-d9cb-469f-a165-70867728950e\n",
  " 0f8fad5b-d9cb-469f-a165-70867728950e",
  "x".repeat(50_000),
])("%j is none", (token) => {
  expect(codes({ tracking_token: token })).toEqual(["tracking_token invalid_format"]);
});

test("every field is required, and they are told in the order of the table", () => {
  expect(codes({ tracking_token: "", api_key: null, tenant_id: undefined })).toEqual([
    "tenant_id required",
    "api_key required",
    "tracking_token required",
  ]);
  expect(codes({ tracking_token: 7, tenant_id: "x".repeat(257) })).toEqual([
    "tenant_id too_long",
    "tracking_token invalid_type",
  ]);
});

test("an unreadable body is one error", () => {
  expect(parsePushOpened(readStrictJson(Buffer.from("")))).toMatchObject({
    errors: [{ field: "body", code: "malformed_json" }],
  });
});
