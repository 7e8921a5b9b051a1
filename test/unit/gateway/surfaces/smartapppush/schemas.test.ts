import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readStrictJson } from "../../../../../gateway/body/strict-json.ts";
import { EVENT_FIELDS, parseEvent } from "../../../../../gateway/surfaces/smartapppush/event-body.ts";
import { PUSH_OPENED_FIELDS, parsePushOpened } from "../../../../../gateway/surfaces/smartapppush/push-opened-body.ts";
import {
  parseRefreshToken,
  REFRESH_TOKEN_FIELDS,
} from "../../../../../gateway/surfaces/smartapppush/refresh-token-body.ts";
import {
  EVENT_SCHEMA,
  PUSH_OPENED_SCHEMA,
  REFRESH_TOKEN_SCHEMA,
} from "../../../../../gateway/surfaces/smartapppush/schemas.ts";
import { eventBody, pushOpenedBody, refreshTokenBody } from "./bodies.ts";

const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { uuid: true } });
const read = (body: unknown) => readStrictJson(Buffer.from(JSON.stringify(body)));

const endpoints = [
  { name: "events", schema: EVENT_SCHEMA, parse: parseEvent, example: eventBody, fields: EVENT_FIELDS },
  {
    name: "pushes/opened",
    schema: PUSH_OPENED_SCHEMA,
    parse: parsePushOpened,
    example: pushOpenedBody,
    fields: PUSH_OPENED_FIELDS,
  },
  {
    name: "refresh-token",
    schema: REFRESH_TOKEN_SCHEMA,
    parse: parseRefreshToken,
    example: refreshTokenBody,
    fields: REFRESH_TOKEN_FIELDS,
  },
] as const;

test("the fields of an event are those of the published table, in its order", () => {
  expect(EVENT_FIELDS.join(" ")).toBe(
    "tenant_id api_key app_user_id user_signature event_name event_time device_token platform push_permission_granted timezone language country session_id params context",
  );
  expect(REFRESH_TOKEN_FIELDS.join(" ")).toBe(
    "tenant_id api_key old_token new_token app_user_id user_signature platform",
  );
});

describe.each(endpoints)("the schema of $name", ({ schema, parse, example, fields }) => {
  const validate = ajv.compile(schema);
  const value = fc.oneof(
    fc.constantFrom(
      "",
      null,
      undefined,
      0,
      true,
      [],
      {},
      "anon:tok_1",
      "anon:x",
      "a b",
      "a\u0007b",
      "x".repeat(129),
      "x".repeat(257),
      "x".repeat(4097),
    ),
    fc.constantFrom(
      "android",
      "Android",
      "2026-03-29T11:30:00Z",
      "UTC",
      "EN",
      "us",
      "0f8fad5b-d9cb-469f-a165-70867728950e",
      "😀".repeat(128),
    ),
    fc.jsonValue(),
  );
  const changes = fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 3 });

  test("requires the same fields as the parser", () => {
    const parsed = parse(read({}));
    expect(parsed.ok ? [] : parsed.errors.map(({ field }) => field)).toEqual(schema.required);
  });

  test("property: whatever it refuses the parser refuses, so that it never forbids what the service takes", () => {
    let refused = 0;
    fc.assert(
      fc.property(changes, (changed) => {
        const body = example(changed);
        if (validate(body)) return;
        refused += 1;
        expect(parse(read(body)).ok).toBe(false);
      }),
    );
    expect(refused).toBeGreaterThan(10);
  });
});
