import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  EventKind,
  EventVerdict_Outcome,
  type IncomingEvent,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { KEYS } from "../gateway/fake-services.ts";
import { runGateway } from "../gateway/gateway-fixture.ts";

const PATH = "/api/v1/events";
const HASH = "a".repeat(64);

async function pushEngage() {
  const { post, services, clock } = await runGateway();
  return {
    services,
    clock,
    track: (body: unknown, headers: Record<string, string> = {}) =>
      post(PATH, body, { "api-key": KEYS.server, ...headers }),
    post,
  };
}

function onlyEvent(stored: ReadonlyMap<string, IncomingEvent>): IncomingEvent {
  expect(stored.size).toBe(1);
  return [...stored.values()][0]!;
}

describe("an accepted event", () => {
  it("is answered to the byte as published, and is an event of the profile", async () => {
    const { track, services, clock } = await pushEngage();
    const data = { price: 99.99, "a-b_C": true, s: "2026-11-21T00:00:00Z" };
    const response = await track({ event_name: "add_to_cart", profile_id: "u1", device_token_hash: 5, data });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.text()).toBe('{"error_code":0,"data":{}}');
    expect(onlyEvent(services.stored)).toMatchObject({
      tenantId: "t1",
      appId: "app1",
      kind: EventKind.USER,
      sentAppUserId: "u1",
      deviceKey: "",
      eventName: "add_to_cart",
      eventTime: "",
      receivedTimeMs: clock.now(),
      paramsJson: JSON.stringify(data),
      contextJson: "{}",
      surface: "pushengage",
      idempotencyKey: "",
      idempotencyHash: "",
    });
  });

  it.each([[HASH], ["A".repeat(64)]])("names a device by its token's hash %s", async (hash) => {
    const { track, services } = await pushEngage();
    const response = await track({ event_name: "e", device_token_hash: hash, profile_id: "", data: null });
    expect(response.status).toBe(200);
    expect(onlyEvent(services.stored)).toMatchObject({
      kind: EventKind.DEVICE_HASH,
      sentAppUserId: "",
      deviceKey: HASH,
      paramsJson: "{}",
    });
  });

  it.each([
    { event_name: "😀".repeat(64), profile_id: "u" },
    { event_name: "pushengage.x", profile_id: "u".repeat(256) },
    { event_name: "e", profile_id: "u", data: { ["k".repeat(255)]: 1 } },
    { event_name: "e", profile_id: "u", data: { k: "x".repeat(4096 - 8) } },
    { event_name: "e", profile_id: "u", more: { nested: [{}] } },
  ])("may be at its limits (%#)", async (body) => {
    const { track } = await pushEngage();
    expect((await track(body)).status).toBe(200);
  });

  it("may be compressed", async () => {
    const { post } = await pushEngage();
    const body = gzipSync(JSON.stringify({ event_name: "e", profile_id: "u" }));
    const response = await post(PATH, body, { "api-key": KEYS.server, "content-encoding": "gzip" });
    expect(response.status).toBe(200);
  });
});

describe("a refused event", () => {
  const event = { event_name: "e", profile_id: "u" };
  const deep = JSON.parse(`${"[".repeat(17)}${"]".repeat(17)}`);

  it("says what published responses say of a missing and of a wrong key", async () => {
    const { post, track } = await pushEngage();
    for (const headers of [{}, { "api-key": "" }]) {
      const missing = await post(PATH, event, headers);
      expect(missing.status).toBe(401);
      expect(await missing.text()).toBe(
        '{"error":{"message":"API key is required. Please provide a valid API key in the API-KEY header.","code":401002}}',
      );
    }
    for (const key of ["made-up", KEYS.api, KEYS.revoked, "k".repeat(2000)]) {
      const wrong = await track(event, { "api-key": key });
      expect(wrong.status).toBe(401);
      expect(await wrong.text()).toBe(
        '{"error":{"message":"Invalid API key. The provided API key was not found or is incorrect.","code":401000}}',
      );
    }
  });

  it("says to the byte as published that its name is missing", async () => {
    const { track } = await pushEngage();
    for (const event_name of [undefined, null, ""]) {
      const response = await track({ event_name, profile_id: "u" });
      expect(response.status).toBe(400);
      expect(await response.text()).toBe(
        '{"error":{"message":"Invalid data","code":1003,"details":[{"message":"event_name is required","path":["event_name"]}]}}',
      );
    }
  });

  it.each<[string, unknown, (readonly string[])[]]>([
    ["nothing at all", {}, [["event_name"], ["profile_id"]]],
    ["a long name", { ...event, event_name: "x".repeat(65) }, [["event_name"]]],
    ["a name of PushEngage's own", { ...event, event_name: "PushEngage.x" }, [["event_name"]]],
    ["a name with controls", { ...event, event_name: "a\u0000b" }, [["event_name"]]],
    ["a name of another type", { ...event, event_name: 5 }, [["event_name"]]],
    ["a profile of another type", { ...event, profile_id: 5, device_token_hash: HASH }, [["profile_id"]]],
    ["a long profile", { ...event, profile_id: "u".repeat(257) }, [["profile_id"]]],
    ["an anonymous profile", { ...event, profile_id: "anon:x" }, [["profile_id"]]],
    ["a hash that is none", { event_name: "e", device_token_hash: "g".repeat(64) }, [["device_token_hash"]]],
    ["a hash of another type", { event_name: "e", device_token_hash: {} }, [["device_token_hash"]]],
    ["data of another type", { ...event, data: [1] }, [["data"]]],
    ["too much data", { ...event, data: { k: "x".repeat(4096 - 7) } }, [["data"]]],
    [
      "bad keys and values",
      { ...event, data: { _a: 1, b: null, "c d": {}, é: "x" } },
      [
        ["data", "_a"],
        ["data", "b"],
        ["data", "c d"],
        ["data", "c d"],
        ["data", "é"],
      ],
    ],
    ["a long key", { ...event, data: { ["k".repeat(256)]: 1 } }, [["data", `${"k".repeat(64)}…`]]],
    ["an empty key", { ...event, data: { "": 1 } }, [["data", ""]]],
    ["a forbidden key", { ...event, data: { constructor: 1 } }, [["data"]]],
    ["depth", { ...event, data: { a: deep } }, [["data"]]],
    ["depth in an unknown field", { ...event, other: deep }, [["other"]]],
    ["depth in the hash that profile_id wins over", { ...event, device_token_hash: deep }, [["device_token_hash"]]],
    ["a forbidden field", '{"event_name":"e","profile_id":"u","__proto__":{}}', [[]]],
    ["broken JSON", "{", [[]]],
    ["another JSON value", "[]", [[]]],
    ["a number beyond doubles", '{"event_name":"e","profile_id":"u","data":{"n":1e400}}', [[]]],
    ["a byte order mark", '\ufeff{"event_name":"e","profile_id":"u"}', [[]]],
  ])("names the path of every problem: %s", async (_, body, paths) => {
    const { track, services } = await pushEngage();
    const response = await track(body);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as {
      error: { message: string; code: number; details: { message: string; path: string[] }[] };
    };
    expect([error.message, error.code]).toEqual(["Invalid data", 1003]);
    expect(error.details.map(({ path }) => path)).toEqual(paths);
    for (const { message } of error.details) expect(message).toMatch(/^[^{]{8,400}$/);
    expect(services.stored.size).toBe(0);
  });

  it("names another Content-Type as a body that cannot be read", async () => {
    const { track } = await pushEngage();
    const response = await track(event, { "content-type": "application/x-www-form-urlencoded" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 1003, details: [{ path: [] }] } });
  });

  it("tells a bounded number of problems", async () => {
    const { track } = await pushEngage();
    const data = Object.fromEntries(Array.from({ length: 4000 }, (_, n) => [`_${n}`, 1]));
    const text = await (await track({ ...event, data })).text();
    expect(JSON.parse(text).error.details).toHaveLength(256);
  });
});

describe("an idempotency key", () => {
  const event = { event_name: "e", profile_id: "u" };

  it("makes a repeated body the same event, and without one every request is another", async () => {
    const { track, services } = await pushEngage();
    for (const _ of [1, 2]) expect((await track(event, { "idempotency-key": "k" })).status).toBe(200);
    const stored = onlyEvent(services.stored);
    expect(stored.idempotencyKey).toBe("k");
    expect(stored.idempotencyHash).toMatch(/^[0-9a-f]{64}$/);
    for (const _ of [1, 2]) expect((await track(event)).status).toBe(200);
    expect(services.stored.size).toBe(3);
  });

  it("stands for the body's meaning, not for its spelling", async () => {
    const { track, services } = await pushEngage();
    await track('{"event_name":"e","profile_id":"u"}', { "idempotency-key": "k" });
    await track('{ "profile_id": "\\u0075", "event_name": "e" }', { "idempotency-key": "k" });
    expect(services.stored.size).toBe(1);
  });

  it.each(["k".repeat(256), "with space", "a, b"])("is refused where it is %j", async (key) => {
    const { track } = await pushEngage();
    const response = await track({ ...event, event_name: "" }, { "idempotency-key": key });
    expect(response.status).toBe(400);
    const details = [{ path: ["event_name"] }, { path: ["Idempotency-Key"] }];
    expect(await response.json()).toMatchObject({ error: { code: 1003, details } });
  });

  it("answers 409 and 1005 where it stands for another body", async () => {
    const { track, services } = await pushEngage();
    services.ingestion.ingestEvents = ({ events }) => ({
      verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.IDEMPOTENCY_CONFLICT })),
    });
    const response = await track(event, { "idempotency-key": "k".repeat(255) });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: { code: 1005 } });
  });
});
