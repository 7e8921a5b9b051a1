import { describe, expect, it } from "vitest";
import type { GatewayContext } from "../../../gateway/context.ts";
import {
  EventKind,
  EventVerdict_Outcome,
  type IncomingEvent,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { KEYS } from "../gateway/fake-services.ts";
import { runGateway } from "../gateway/gateway-fixture.ts";

const PATH = "/v1/events";

async function appizer(overrides: Partial<GatewayContext> = {}) {
  const { post, services, clock, url } = await runGateway(overrides);
  return {
    services,
    clock,
    post,
    url,
    track: (body: unknown, headers: Record<string, string> = {}) =>
      post(PATH, body, { authorization: `Bearer ${KEYS.server}`, ...headers }),
  };
}

function onlyEvent(stored: ReadonlyMap<string, IncomingEvent>): IncomingEvent {
  expect(stored.size).toBe(1);
  return [...stored.values()][0]!;
}

/** Limit, remaining and reset as an answer tells them. */
function limitsOf(response: Response): (number | null)[] {
  return ["limit", "remaining", "reset"].map((name) =>
    Number(response.headers.get(`x-ratelimit-${name}`) ?? Number.NaN),
  );
}

describe("an accepted event", () => {
  it("is answered as published, with an id that leads to it", async () => {
    const { track, services } = await appizer();
    const properties = { amount: 29.99, nested: { "a.b": [1, null] } };
    const response = await track({ event_name: "e", user_id: "u", properties, ip: "192.168.1.1", ua: "Mozilla" });
    expect(response.status).toBe(200);
    const event = onlyEvent(services.stored);
    expect(await response.text()).toBe(
      `{"success":true,"event_id":"evt_${event.fingerprint}","message":"Event tracked successfully"}`,
    );
    expect(event).toMatchObject({
      tenantId: "t1",
      appId: "app1",
      kind: EventKind.USER,
      sentAppUserId: "u",
      eventName: "e",
      eventTime: "",
      paramsJson: JSON.stringify(properties),
      surface: "appizer",
      ip: "192.168.1.1",
      userAgent: "Mozilla",
    });
  });

  it("has the same id when it is repeated under its idempotency key, and another one otherwise", async () => {
    const { track, services } = await appizer();
    const body = { event_name: "e", user_id: "u" };
    const ids = new Set<string>();
    for (const headers of [{ "idempotency-key": "k" }, { "idempotency-key": "k" }, {}, {}]) {
      ids.add(((await (await track(body, headers)).json()) as { event_id: string }).event_id);
    }
    expect(ids.size).toBe(3);
    expect(services.stored.size).toBe(3);
  });

  it.each([
    { event_name: "n".repeat(128), user_id: "u".repeat(256), properties: null, ip: null, ua: null },
    { event_name: "PushEngage.x", user_id: "web:1", ua: "x".repeat(1024), ip: "2001:db8::1" },
    { event_name: "e", user_id: "u", properties: { fill: "x".repeat(32_768 - 11) } },
    { event_name: "e", user_id: "u", properties: Object.fromEntries(Array.from({ length: 256 }, (_, n) => [n, n])) },
  ])("may be at its limits (%#)", async (body) => {
    const { track } = await appizer();
    expect((await track(body)).status).toBe(200);
  });
});

describe("a refused request", () => {
  const event = { event_name: "e", user_id: "u" };
  const deep = JSON.parse(`${"[".repeat(17)}${"]".repeat(17)}`);

  it.each<[string, Record<string, string>, number, string]>([
    ["no Authorization", {}, 401, "MISSING_AUTH"],
    ["another scheme", { authorization: "Basic abc" }, 401, "MISSING_AUTH"],
    ["an empty token", { authorization: "Bearer " }, 401, "MISSING_AUTH"],
    ["a made-up key", { authorization: "Bearer made-up" }, 401, "INVALID_API_KEY"],
    ["a revoked key", { authorization: `Bearer ${KEYS.revoked}` }, 401, "REVOKED_API_KEY"],
    ["a public key", { authorization: `bearer  ${KEYS.api}` }, 403, "INSUFFICIENT_PERMISSIONS"],
  ])("names what is wrong with its key: %s", async (...[, headers, status, code]) => {
    const { post, services } = await appizer();
    const response = await post(PATH, event, headers);
    expect(response.status).toBe(status);
    expect(limitsOf(response).every(Number.isFinite)).toBe(true);
    const error = status === 401 ? "Unauthorized" : "Forbidden";
    expect(await response.json()).toEqual({ error, message: expect.any(String), code });
    expect(services.stored.size).toBe(0);
  });

  it.each<[string, unknown, string, object]>([
    ["nothing at all", {}, "MISSING_FIELD", { field: "event_name", issue: "required" }],
    ["no name", { ...event, event_name: "" }, "MISSING_FIELD", { field: "event_name" }],
    ["no user", { ...event, user_id: null, properties: 1 }, "MISSING_FIELD", { field: "user_id" }],
    [
      "a name of another type",
      { event_name: 5 },
      "INVALID_TYPE",
      { field: "event_name", expected: "string", received: "number" },
    ],
    [
      "a user of another type",
      { ...event, user_id: [1] },
      "INVALID_TYPE",
      { field: "user_id", expected: "string", received: "array" },
    ],
    [
      "properties of another type",
      { ...event, properties: "x" },
      "INVALID_TYPE",
      { field: "properties", expected: "object", received: "string" },
    ],
    [
      "an address of another type",
      { ...event, ip: 1 },
      "INVALID_TYPE",
      { field: "ip", expected: "string", received: "number" },
    ],
    [
      "an agent of another type",
      { ...event, ua: true },
      "INVALID_TYPE",
      { field: "ua", expected: "string", received: "boolean" },
    ],
    ["a long name", { ...event, event_name: "x".repeat(129) }, "INVALID_REQUEST", { field: "event_name" }],
    ["a name with controls", { ...event, event_name: "a\nb" }, "INVALID_REQUEST", { field: "event_name" }],
    ["a long user", { ...event, user_id: "x".repeat(257) }, "INVALID_REQUEST", { field: "user_id" }],
    ["an anonymous user", { ...event, user_id: "anon:x" }, "INVALID_REQUEST", { field: "user_id" }],
    ["no address", { ...event, ip: "1.2.3" }, "INVALID_REQUEST", { field: "ip" }],
    ["an empty address", { ...event, ip: "" }, "INVALID_REQUEST", { field: "ip" }],
    ["an address with a zone", { ...event, ip: "fe80::1%eth0" }, "INVALID_REQUEST", { field: "ip" }],
    ["a long agent", { ...event, ua: "x".repeat(1025) }, "INVALID_REQUEST", { field: "ua" }],
    [
      "large properties",
      { ...event, properties: { fill: "x".repeat(32_768 - 10) } },
      "INVALID_REQUEST",
      { field: "properties" },
    ],
    [
      "many keys",
      { ...event, properties: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [n, n])) },
      "INVALID_REQUEST",
      { field: "properties" },
    ],
    ["depth", { ...event, properties: { a: deep } }, "INVALID_REQUEST", { field: "properties" }],
    ["depth elsewhere", { ...event, other: deep }, "INVALID_REQUEST", { field: "other" }],
    ["a forbidden field", '{"event_name":"e","user_id":"u","constructor":1}', "INVALID_REQUEST", { field: "body" }],
    ["broken JSON", "{", "INVALID_REQUEST", { field: "body" }],
    ["another JSON value", "[]", "INVALID_REQUEST", { field: "body" }],
  ])("names the first fault: %s", async (...[, body, code, details]) => {
    const { track, services } = await appizer();
    const response = await track(body);
    expect(response.status).toBe(400);
    const answer = await response.json();
    expect(answer).toMatchObject({ error: "Bad Request", code, details });
    expect((answer as { message: string }).message).toMatch(/^.{8,400}$/);
    expect(services.stored.size).toBe(0);
  });

  it.each(["k".repeat(256), "with space"])("names an idempotency key that is none: %j", async (key) => {
    const { track } = await appizer();
    const response = await track(event, { "idempotency-key": key });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "INVALID_REQUEST", details: { field: "Idempotency-Key" } });
  });

  it("is a conflict where its idempotency key stands for another body", async () => {
    const { track, services } = await appizer();
    services.ingestion.ingestEvents = ({ events }) => ({
      verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.IDEMPOTENCY_CONFLICT })),
    });
    const response = await track(event, { "idempotency-key": "k" });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "Conflict", code: "IDEMPOTENCY_CONFLICT" });
  });
});

describe("the rate limit headers", () => {
  const event = { event_name: "e", user_id: "u" };

  it("count down for the key on successes and refusals alike, and start anew with the next window", async () => {
    const { track, clock } = await appizer({ serverRateLimit: 3 });
    const reset = clock.now() / 1000 + 60;
    expect(limitsOf(await track(event))).toEqual([3, 2, reset]);
    expect(limitsOf(await track("{"))).toEqual([3, 1, reset]);
    expect(limitsOf(await track({}))).toEqual([3, 0, reset]);
    const refused = await track(event);
    expect([refused.status, ...limitsOf(refused)]).toEqual([429, 3, 0, reset]);
    await clock.advance(60_000);
    expect(limitsOf(await track(event))).toEqual([3, 2, reset + 60]);
  });

  it("tell the key's state where nothing is counted: unknown paths, other methods, bodies too large, faults of ours", async () => {
    const { track, post, url, services, clock } = await appizer({ serverRateLimit: 10 });
    const authorization = `Bearer ${KEYS.server}`;
    await track(event);
    const reset = clock.now() / 1000 + 60;
    const answers = [
      await post("/v1/nowhere", {}, { authorization }),
      await fetch(`${url}${PATH}`, { headers: { authorization } }),
      await track(`{"fill":"${"x".repeat(70_000)}"}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 405, 400]);
    for (const answer of answers) expect(limitsOf(answer)).toEqual([10, 9, reset]);
    expect(limitsOf(await post("/v1/nowhere", {}))).toEqual([10, 10, reset]);
    services.identity.resolveKey = () => {
      throw new Error("gone");
    };
    const overloaded = await track(event, { authorization: "Bearer other" });
    expect([overloaded.status, ...limitsOf(overloaded)]).toEqual([503, 10, 9, reset]);
  });

  it("tell of no limit where it is off", async () => {
    const { track } = await appizer();
    expect(limitsOf(await track(event)).slice(0, 2)).toEqual([2_147_483_647, 2_147_483_647]);
  });
});
