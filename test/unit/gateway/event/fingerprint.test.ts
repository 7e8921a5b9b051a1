import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readStrictJson } from "../../../../gateway/body/strict-json.ts";
import {
  type DeviceEventIdentity,
  deviceEventFingerprint,
  serverEventFingerprint,
} from "../../../../gateway/event/fingerprint.ts";
import { parseEvent } from "../../../../gateway/surfaces/smartapppush/event-body.ts";
import { eventBody } from "../surfaces/smartapppush/bodies.ts";

interface Vector {
  note: string;
  tenant_id: string;
  app_id: string;
  body: Record<string, unknown>;
  fingerprint: string;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../vectors/fingerprint.json", import.meta.url), "utf8"),
) as Vector[];

const NOT_IN_VECTORS = { app_user_id: undefined, params: undefined, context: undefined };

const event: DeviceEventIdentity = {
  tenantId: "t1",
  appId: "app1",
  sentAppUserId: "user_123",
  eventName: "purchase_completed",
  eventTime: "2026-03-29T11:30:00Z",
  deviceToken: "tok_1",
  params: { b: 1, a: { y: [1, 2], x: null } },
  context: {},
};

describe("worked fingerprints of an independent implementation", () => {
  test("there are some", () => expect(vectors.length).toBeGreaterThan(20));

  test.each(vectors)("$note", (vector) => {
    const body = eventBody({ ...NOT_IN_VECTORS, ...vector.body, tenant_id: vector.tenant_id });
    const parsed = parseEvent(readStrictJson(Buffer.from(JSON.stringify(body))));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    expect(deviceEventFingerprint({ ...parsed.value, appId: vector.app_id })).toBe(vector.fingerprint);
  });
});

describe("a device event", () => {
  test.each([
    ["tenantId", "t2"],
    ["appId", "app2"],
    ["sentAppUserId", "user_124"],
    ["sentAppUserId", ""],
    ["eventName", "purchase_failed"],
    ["eventTime", "2026-03-29T11:30:00.000000001Z"],
    ["deviceToken", "tok_2"],
    ["params", { b: 1, a: { y: [2, 1], x: null } }],
    ["context", { a: 1 }],
  ])("with another %s is another event", (field, value) => {
    expect(deviceEventFingerprint({ ...event, [field]: value })).not.toBe(deviceEventFingerprint(event));
  });

  test("is not the same when params and context are swapped", () => {
    const swapped = { ...event, params: event.context, context: event.params };
    expect(deviceEventFingerprint(swapped)).not.toBe(deviceEventFingerprint(event));
  });

  test("keeps its fingerprint whatever else the caller carries along", () => {
    const carried = { ...event, platform: "ios", sessionId: "s", timezone: "UTC" };
    expect(deviceEventFingerprint(carried)).toBe(deviceEventFingerprint(event));
  });
});

describe("a server event", () => {
  const sent = {
    tenantId: "t1",
    appId: "app1",
    surface: "pushengage",
    idempotencyKey: "k1",
    body: { data: { b: 1, a: 2 } },
  };

  test("has the SHA-256 of its canonical JSON as fingerprint", () => {
    // printf %s '{"app_id":"app1","body":{"data":{"a":2,"b":1}},"idempotency_key":"k1","surface":"pushengage","tenant_id":"t1"}' | sha256sum
    expect(serverEventFingerprint(sent)).toBe("c510401ce2482c676e8b9e2e7d4de448fcbe2de42396eb8067f1750bc0389b3a");
  });

  test.each([
    ["tenantId", "t2"],
    ["appId", "app2"],
    ["surface", "appizer"],
    ["idempotencyKey", "k2"],
    ["body", { data: { b: 1, a: 3 } }],
  ])("with another %s is another event", (field, value) => {
    expect(serverEventFingerprint({ ...sent, [field]: value })).not.toBe(serverEventFingerprint(sent));
  });
});

describe("property: the order of keys never changes a fingerprint", () => {
  const json = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }));

  test("at any level, in params, context and the body of a server event", () => {
    fc.assert(
      fc.property(json, json, (params, context) => {
        const turned = { ...event, params: reversed(params), context: reversed(context) };
        expect(deviceEventFingerprint(turned)).toBe(deviceEventFingerprint({ ...event, params, context }));
        const sent = { tenantId: "t", appId: "a", surface: "s", idempotencyKey: "k", body: params };
        expect(serverEventFingerprint({ ...sent, body: reversed(params) })).toBe(serverEventFingerprint(sent));
      }),
    );
  });

  function reversed<T>(value: T): T {
    if (Array.isArray(value)) return value.map(reversed) as T;
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, reversed(inner)]),
    ) as T;
  }
});
