import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readStrictJson } from "../../../../../gateway/body/strict-json.ts";
import { EVENT_FIELDS, parseEvent } from "../../../../../gateway/surfaces/smartapppush/event-body.ts";
import { eventBody } from "./bodies.ts";
import { accepted, codes, errors, message, parse, parseText } from "./parse-event.ts";

test("an event becomes typed, in the forms in which it is stored", () => {
  expect(
    accepted({
      timezone: "europe/istanbul",
      language: "IW",
      country: "tr",
      event_time: "2026-03-29T14:30:00.5000+03:00",
    }),
  ).toEqual({
    tenantId: "tenant_1",
    apiKey: "key_1",
    namedUser: { appUserId: "user_123", userSignature: "" },
    sentAppUserId: "user_123",
    eventName: "purchase_completed",
    eventTime: "2026-03-29T11:30:00.5Z",
    eventTimeMs: Date.parse("2026-03-29T11:30:00.500Z"),
    deviceToken: "tok_1",
    platform: "android",
    pushPermissionGranted: true,
    timezone: "Europe/Istanbul",
    language: "he",
    country: "TR",
    sessionId: "sess_abc123",
    params: { product_id: "SKU-9001", amount: 49.99, currency: "USD" },
    paramsJson: '{"product_id":"SKU-9001","amount":49.99,"currency":"USD"}',
    context: { app_version: "2.1.0" },
    contextJson: '{"app_version":"2.1.0"}',
    unknownFields: [],
  });
});

describe("a body that cannot be read", () => {
  test.each([
    ['{"a":', "malformed_json"],
    ["\ufeff{}", "malformed_json"],
    ['{"params":{"a":1e400}}', "malformed_json"],
    ['{"event_name":"\\ud800"}', "malformed_json"],
    ["[]", "invalid_type"],
    ["null", "invalid_type"],
  ])("%j is one error of the body", (text, code) => {
    expect(parseText(text)).toMatchObject({ ok: false, errors: [{ field: "body", code }], credentials: null });
  });
});

describe("required fields", () => {
  const required = EVENT_FIELDS.filter(
    (field) => !["app_user_id", "user_signature", "push_permission_granted", "params", "context"].includes(field),
  );

  test.each(required)("%s absent, null or empty is required", (field) => {
    for (const [value, found] of [
      [undefined, "absent"],
      [null, "null"],
      ["", "empty"],
    ] as const) {
      expect(errors({ [field]: value })).toEqual([
        { field, code: "required", message: `${field} is required, but it is ${found}` },
      ]);
    }
  });

  test.each(required)("%s of another type is an error of type", (field) => {
    for (const value of [1, true, false, 0, [], {}, ["x"]])
      expect(codes({ [field]: value })).toEqual([`${field} invalid_type`]);
  });

  test("an empty object fails every required field, in the order of the table", () => {
    const parsed = parseText("{}");
    expect(parsed.ok ? [] : parsed.errors.map((error) => error.field)).toEqual(required);
  });
});

describe("all failing fields", () => {
  const wrong = {
    tenant_id: 1,
    api_key: "",
    app_user_id: "anon:somebody",
    event_name: "\u0007",
    event_time: "now",
    device_token: "a b",
    platform: "symbian",
    push_permission_granted: "true",
    timezone: "+03:00",
    language: "en-US",
    country: "USA",
    session_id: "x".repeat(257),
    params: [],
    context: "x",
  };
  const expected = [
    "tenant_id invalid_type",
    "api_key required",
    "app_user_id reserved",
    "event_name invalid_format",
    "event_time invalid_format",
    "device_token invalid_format",
    "platform invalid_value",
    "push_permission_granted invalid_type",
    "timezone invalid_value",
    "language invalid_value",
    "country invalid_value",
    "session_id too_long",
    "params invalid_type",
    "context invalid_type",
  ];

  test("are told at once, in the order of the table, whatever the order in the body", () => {
    expect(codes(wrong)).toEqual(expected);
    const reversed = Object.fromEntries(Object.entries(wrong).reverse());
    const parsed = parseText(JSON.stringify(reversed));
    expect(parsed.ok ? [] : parsed.errors.map(({ field, code }) => `${field} ${code}`)).toEqual(expected);
  });

  test("come after errors of the body and before those of unknown fields", () => {
    const parsed = parseText(JSON.stringify(eventBody({ extra: { prototype: 1 }, country: "USA", constructor: 1 })));
    expect(parsed.ok ? [] : parsed.errors.map(({ field, code }) => `${field} ${code}`)).toEqual([
      "body reserved",
      "country invalid_value",
      "extra reserved",
    ]);
  });

  test("leave the credentials to be looked up where these are sound", () => {
    expect(parse({ country: "USA" })).toMatchObject({ credentials: { tenantId: "tenant_1", apiKey: "key_1" } });
    expect(parse({ api_key: null })).toMatchObject({ credentials: null });
    expect(parse({ tenant_id: "x".repeat(257) })).toMatchObject({ credentials: null });
  });
});

describe("unknown fields", () => {
  test("are ignored and named", () => {
    expect(accepted({ extra: { a: [1] }, Platform: "x", toString: null }).unknownFields).toEqual([
      "extra",
      "Platform",
      "toString",
    ]);
  });

  test("are read strictly all the same", () => {
    expect(codes({ extra: [[[{ constructor: 1 }]]] })).toEqual(["extra reserved"]);
    expect(codes({ extra: JSON.parse("[".repeat(17) + "]".repeat(17)) })).toEqual(["extra too_deep"]);
  });

  test("cannot make an answer long", () => {
    const many = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`${index}${"x".repeat(100)}`, { prototype: 1 }]),
    );
    const found = errors(many);
    expect(found).toHaveLength(16);
    expect(found[0]?.field).toHaveLength(65);
  });
});

describe("forbidden keys", () => {
  test("are reserved in whatever field they stand, which then has no other error", () => {
    for (const field of EVENT_FIELDS) expect(codes({ [field]: { prototype: {} } })).toEqual([`${field} reserved`]);
    expect(message({ params: { a: { constructor: 1 } } })).toBe(
      'params contains the key "constructor", which is reserved; rename it',
    );
  });
});

describe("property: parsing never throws", () => {
  const fieldName = fc.oneof(
    fc.constantFrom(...EVENT_FIELDS, "__proto__", "constructor"),
    fc.string({ unit: "binary" }),
  );
  const anyValue = fc.oneof(fc.jsonValue({ stringUnit: "binary" }), fc.string({ unit: "binary" }));

  test("on any JSON and any bytes", () => {
    fc.assert(fc.property(fc.json({ stringUnit: "binary" }), (json) => void parseText(json)));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseEvent(readStrictJson(bytes))));
  });

  test("on an event with fields replaced, and each field has at most one error, in the order of the table", () => {
    const table = ["body", ...EVENT_FIELDS];
    fc.assert(
      fc.property(fc.array(fc.tuple(fieldName, anyValue), { maxLength: 5 }), (changes) => {
        const found = errors(Object.fromEntries(changes)).map((error) => error.field);
        expect(new Set(found).size).toBe(found.length);
        const inTable = found.filter((field) => table.includes(field));
        expect(inTable).toEqual(table.filter((field) => found.includes(field)));
      }),
    );
  });
});
