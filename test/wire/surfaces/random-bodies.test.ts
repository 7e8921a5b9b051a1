import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEYS } from "../gateway/fake-services.ts";
import { runGateway } from "../gateway/gateway-fixture.ts";

/** Values that one field may be given: what is right, what is nearly right, and anything at all. */
const text = fc.oneof(
  fc.constantFrom("", "1", "anon:x", "PushEngage.x", "e|a|b|c", "constructor", "\u0000", "1.2.3.4", "😀".repeat(65)),
  fc.string({ unit: "binary", maxLength: 300 }),
);
const value = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 20 }),
  fc.constantFrom(1, 2 ** 53, 1e308, -0, null, true, [], {}),
);
const FIELDS = ["event_name", "profile_id", "device_token_hash", "data", "user_id", "properties", "ip", "ua", "app_id"];
const MORE = [
  "events",
  "event_id",
  "event_time",
  "token",
  "launch_id",
  "provider",
  "subscription_id",
  "uid",
  "toString",
];
const name = fc.oneof(fc.constantFrom(...FIELDS, ...MORE), fc.string({ maxLength: 8 }));
const event = { event_name: "e", profile_id: "p", user_id: "u", app_id: "app1" };
const report = { token: KEYS.server, uid: "e|a|b|c", events: 1 };
const fields = fc.dictionary(name, value, { maxKeys: 3 });
const object = fc.tuple(fc.constantFrom(event, report), fields).map(([valid, sent]) => ({ ...valid, ...sent }));
const batch = fc.array(fc.oneof(object, value), { maxLength: 4 }).map((events) => ({ ...event, events }));
const json = fc
  .oneof({ arbitrary: object, weight: 5 }, { arbitrary: batch, weight: 2 }, { arbitrary: value, weight: 1 })
  .map((body) => JSON.stringify(body) ?? "");
const escaped = text.map((content) => content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`));
const element = fc.tuple(name, fc.oneof(escaped, text)).map(([tag, content]) => `<${tag}>${content}</${tag}>`);
const xml = fc
  .array(element, { maxLength: 6 })
  .map(
    (elements) => `<xml><token>${KEYS.server}</token><events>1</events><uid>e|a|b|c</uid>${elements.join("")}</xml>`,
  );

/** A body cut, doubled or with one of its characters replaced. */
const damaged = fc
  .tuple(fc.oneof(json, xml), fc.nat(), fc.constantFrom("", '"', "{", "<", "&", "\\ud800", "1e999", "]]>"))
  .map(([body, at, inserted]) => {
    const index = at % (body.length + 1);
    return `${body.slice(0, index)}${inserted}${body.slice(index + 1)}`;
  });

const absent = { arbitrary: fc.constant(undefined), weight: 9 };
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ arbitrary, weight: 1 }, absent);
const headers = fc
  .record({
    "content-type": rarely(fc.constantFrom("text/plain", "application/xml", "text/xml", "text/csv")),
    accept: rarely(fc.constantFrom("*/*", "application/xml", "application/json;q=0.3, text/xml", ";;q=9,,")),
    "idempotency-key": rarely(fc.string({ unit: fc.constantFrom("a", " ", "~", "é"), maxLength: 260 })),
    "content-encoding": rarely(fc.constantFrom("identity", "gzip", "br")),
  })
  .map((sent) => Object.fromEntries(Object.entries(sent).filter(([, content]) => content !== undefined)));

const shapes: Readonly<Record<string, RegExp>> = {
  "/api/v1/events": /^\{"error_code":0,"data":\{\}\}$|^\{"error":\{"message":/,
  "/v1/events": /^\{"success":true,|^\{"error":"/,
  "/v1/web/events": /^\{"success":|^\{"error":"/,
  "/api/v1.1/pushes/post_events": /^\{"error":\d,"error_text":|^<xml><error>\d<\/error><error_text>/,
};

describe("whatever is sent", () => {
  it.each(Object.entries(shapes))(
    "%s answers it in its own shape, never with a fault of its own",
    async (path, shape) => {
      const { post, services } = await runGateway();
      const allowedOrigins = ["http://localhost:*"];
      services.identity.resolveApp = ({ appId }) => ({ app: { tenantId: "t1", appId, allowedOrigins } });
      const credentials = {
        "api-key": KEYS.server,
        authorization: `Bearer ${KEYS.server}`,
        origin: "http://localhost:1",
      };
      const statuses = new Map<number, number>();
      await fc.assert(
        fc.asyncProperty(fc.oneof(json, xml, damaged), headers, async (body, sent) => {
          const response = await post(path, body, { ...credentials, ...sent });
          const answer = await response.text();
          expect(response.status, answer).toBeLessThan(500);
          expect(answer).toMatch(shape);
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        }),
        { numRuns: 400 },
      );
      // What is random must reach both ends, or this tells nothing.
      expect(statuses.get(200)).toBeGreaterThan(0);
      expect(statuses.get(400)).toBeGreaterThan(0);
    },
  );
});
