import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readStrictJson } from "../../../../gateway/body/strict-json.ts";
import { readReport } from "../../../../gateway/surfaces/altcraft/report-body.ts";
import { REPORT_SCHEMA } from "../../../../gateway/surfaces/altcraft/schemas.ts";
import { firstFault, readEventFields } from "../../../../gateway/surfaces/appizer/event-fields.ts";
import { EVENT_SCHEMA as APPIZER_SCHEMA, WEB_EVENT_SCHEMA } from "../../../../gateway/surfaces/appizer/schemas.ts";
import { readWebEvent } from "../../../../gateway/surfaces/appizer/web-event-body.ts";
import { readEventBody } from "../../../../gateway/surfaces/pushengage/event-body.ts";
import { EVENT_SCHEMA as PUSHENGAGE_SCHEMA } from "../../../../gateway/surfaces/pushengage/schemas.ts";

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const read = (body: object) => readStrictJson(Buffer.from(JSON.stringify(body)));
const readable = (body: object) => {
  const reading = read(body);
  if (!reading.ok) throw new Error(reading.fault.message);
  return reading;
};
const HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const endpoints = [
  {
    name: "PushEngage",
    schema: PUSHENGAGE_SCHEMA,
    accepts: (body: object) => readEventBody(read(body)).ok,
    example: { event_name: "seen", profile_id: "u1", device_token_hash: HASH, data: { a: 1 } },
  },
  {
    name: "Appizer",
    schema: APPIZER_SCHEMA,
    accepts: (body: object) => firstFault(() => readEventFields(readable(body))).ok,
    example: { event_name: "seen", user_id: "u1", properties: {}, ip: "192.0.2.1", ua: "x" },
  },
  {
    name: "Appizer for web pages",
    schema: WEB_EVENT_SCHEMA,
    // The endpoint reads `app_id` before the event.
    accepts: ({ app_id, ...body }: Record<string, unknown>) =>
      typeof app_id === "string" && app_id !== "" && app_id.length <= 256 && readWebEvent(readable(body), null).ok,
    example: { app_id: "a", event_name: "seen", user_id: "u1", event_id: "1", event_time: "2026-01-01T00:00:00Z" },
  },
  {
    name: "Altcraft",
    schema: REPORT_SCHEMA,
    accepts: (body: Record<string, unknown>) =>
      (typeof body.token === "string" || body.token === undefined || body.token === null) &&
      readReport((field) => body[field]).ok,
    example: { token: "t", events: 1, launch_id: 7, provider: "p", subscription_id: "s", uid: "e|l|s|p" },
  },
] as const;

const texts = [
  "",
  " ",
  "a b",
  "anon:x",
  "PushEngage.x",
  "a\u0007b",
  "1",
  "4",
  "192.0.2.1",
  HASH,
  "e|a|b|c",
  "😀".repeat(64),
];
const lengths = [64, 65, 128, 129, 255, 256, 257, 1024, 1025].map((length) => "x".repeat(length));
const objects = [{}, { a: null }, { "a b": 1 }, { a: { b: 1 } }, { a: true, "b-1": "x" }];
const values = [...texts, ...lengths, ...objects, null, undefined, true, [], 0, 1, 1.5, 4, 2 ** 53];

describe.each(endpoints)("the schema of $name", ({ schema, accepts, example }) => {
  const validate = ajv.compile(schema);
  const value = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, fc.jsonValue());
  const changes = fc.dictionary(fc.constantFrom(...Object.keys(schema.properties)), value, { maxKeys: 3 });

  it("takes what the endpoint takes as it is", () => {
    expect(validate(example)).toBe(true);
    expect((accepts as (body: object) => boolean)(example)).toBe(true);
  });

  it("property: whatever it refuses the endpoint refuses, so that it never forbids what the service takes", () => {
    let refused = 0;
    fc.assert(
      fc.property(changes, (changed) => {
        const body = JSON.parse(JSON.stringify({ ...example, ...changed })) as object;
        if (validate(body)) return;
        refused += 1;
        expect((accepts as (body: object) => boolean)(body)).toBe(false);
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});
