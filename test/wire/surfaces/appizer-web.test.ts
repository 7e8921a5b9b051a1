import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { GatewayContext } from "../../../gateway/context.ts";
import { EventKind, EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { KEYS } from "../gateway/fake-services.ts";
import { gate, runGateway } from "../gateway/gateway-fixture.ts";
import { unreachable } from "./surface-requests.ts";

const PATH = "/v1/web/events";
const ORIGIN = "http://localhost:5173";
/** Longer than any request may take. */
const REQUEST_TIME_MS = 10_000;
const event = { app_id: "app1", user_id: "web:1", event_name: "e" };

interface Batch {
  readonly success: boolean;
  readonly results: {
    readonly status: string;
    readonly event_id?: string;
    readonly error?: { readonly code: string };
  }[];
}

async function web(overrides: Partial<GatewayContext> = {}) {
  const running = await runGateway(overrides);
  const { services, post } = running;
  services.identity.resolveApp = ({ appId }) => {
    if (appId !== "app1") throw new ConnectError("there is no app", Code.NotFound);
    return { app: { tenantId: "t1", appId, allowedOrigins: ["http://localhost:*", "https://*.shop.example"] } };
  };
  return {
    ...running,
    track: (body: unknown, headers: Record<string, string> = {}) => post(PATH, body, { origin: ORIGIN, ...headers }),
  };
}

describe("a browser's event", () => {
  it("is an event of its user, answered as published, readable by the page", async () => {
    const { track, services } = await web();
    const properties = { path: "/" };
    const response = await track({ ...event, properties, event_time: "2026-11-20T23:59:59.5Z", event_id: "id-1" });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("X-RateLimit-Remaining");
    const [stored] = [...services.stored.values()];
    expect(await response.json()).toEqual({
      success: true,
      event_id: `evt_${stored!.fingerprint}`,
      message: "Event tracked successfully",
    });
    expect(stored).toMatchObject({
      tenantId: "t1",
      appId: "app1",
      kind: EventKind.USER,
      sentAppUserId: "web:1",
      eventTime: "2026-11-20T23:59:59.5Z",
      eventTimeMs: Date.UTC(2026, 10, 20, 23, 59, 59, 500),
      paramsJson: JSON.stringify(properties),
      surface: "appizer_web",
      idempotencyKey: "id-1",
    });
  });

  it("may come as text, as beacons do", async () => {
    const { track } = await web();
    expect((await track(event, { "content-type": "text/plain;charset=UTF-8" })).status).toBe(200);
  });

  it("is the same event alone and in a batch, however often it is sent", async () => {
    const { track, services } = await web();
    const { app_id, ...alone } = { ...event, event_id: "id-1", event_time: "2026-11-20T10:00:00Z" };
    const first = (await (await track({ app_id, ...alone })).json()) as { event_id: string };
    const batch = (await (await track({ app_id, events: [alone, { ...alone, event_id: "id-2" }] })).json()) as Batch;
    expect(batch.success).toBe(true);
    expect(batch.results.map(({ status }) => status)).toEqual(["duplicate", "stored"]);
    expect(batch.results[0]!.event_id).toBe(first.event_id);
    expect(services.stored.size).toBe(2);
  });

  it("may use an Idempotency-Key where it has no id of its own", async () => {
    const { track, services } = await web();
    for (const _ of [1, 2]) await track(event, { "idempotency-key": "k" });
    expect(services.stored.size).toBe(1);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ["no app", { ...event, app_id: undefined }, "MISSING_FIELD", "app_id"],
    ["an app of another type", { ...event, app_id: 1 }, "INVALID_TYPE", "app_id"],
    ["no name", { ...event, event_name: undefined }, "MISSING_FIELD", "event_name"],
    ["a bad time", { ...event, event_time: "yesterday" }, "INVALID_REQUEST", "event_time"],
    ["a time of another type", { ...event, event_time: 1 }, "INVALID_TYPE", "event_time"],
    ["a bad id", { ...event, event_id: "a b" }, "INVALID_REQUEST", "event_id"],
    ["an id of another type", { ...event, event_id: 7 }, "INVALID_TYPE", "event_id"],
    ["no array", { app_id: "app1", events: {} }, "INVALID_TYPE", "events"],
    ["an empty batch", { app_id: "app1", events: [] }, "INVALID_REQUEST", "events"],
    ["a large batch", { app_id: "app1", events: Array(51).fill(event) }, "INVALID_REQUEST", "events"],
  ])("is refused with the first fault: %s", async (...[, body, code, field]) => {
    const { track } = await web();
    const response = await track(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code, details: { field } });
  });
});

describe("the origin", () => {
  it.each([ORIGIN, "http://localhost", "https://a.shop.example", "https://a.b.shop.example"])(
    "%s is allowed",
    async (origin) => {
      const { track } = await web();
      expect((await track(event, { origin })).status).toBe(200);
    },
  );

  it.each([
    "https://localhost:5173",
    "https://shop.example",
    "https://evilshop.example",
    "https://a.shop.example:8443",
    "null",
    "http://localhost:5173/",
    "http://localhost.evil.example",
    "",
  ])("%j is not allowed", async (origin) => {
    const { track, services } = await web();
    const response = await track(event, { origin });
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toEqual({
      error: "Forbidden",
      message: expect.any(String),
      code: "ORIGIN_NOT_ALLOWED",
    });
    expect(services.stored.size).toBe(0);
  });

  it("must be there, whatever else is, and an unknown app allows none", async () => {
    const { post, track } = await web();
    const bare = await post(PATH, event, { authorization: `Bearer ${KEYS.server}` });
    const unknown = await track({ ...event, app_id: "app2" });
    for (const response of [bare, unknown]) {
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "ORIGIN_NOT_ALLOWED" });
    }
  });

  it("is checked against what identity says now, within 10 s, and against what it last said while it is gone", async () => {
    const { track, services, clock } = await web();
    const resolve = services.identity.resolveApp!;
    expect((await track(event)).status).toBe(200);
    services.identity.resolveApp = unreachable;
    await clock.advance(60_000);
    expect((await track(event)).status).toBe(200);
    const other = await track({ ...event, app_id: "other" });
    expect([other.status, other.headers.has("retry-after")]).toEqual([503, true]);
    services.identity.resolveApp = resolve;
    await clock.advance(2_000);
    expect((await track(event)).status).toBe(200);
    services.identity.resolveApp = ({ appId }) => ({ app: { tenantId: "t1", appId, allowedOrigins: [] } });
    await clock.advance(9_000);
    expect((await track(event)).status).toBe(403);
  });
});

describe("a batch", () => {
  it("gives every event its own verdict, in order", async () => {
    const { track, services } = await web();
    const store = services.ingestion.ingestEvents!;
    services.ingestion.ingestEvents = async (request, context) => {
      const { verdicts = [] } = await store(request, context);
      const outcome = EventVerdict_Outcome.IDEMPOTENCY_CONFLICT;
      return { verdicts: verdicts.map((v, i) => (request.events[i]!.eventName === "clash" ? { outcome } : v)) };
    };
    const ok = { user_id: "u", event_name: "e", event_id: "1" };
    const deep = JSON.parse(`${"[".repeat(15)}${"]".repeat(15)}`);
    const response = await track({
      app_id: "app1",
      events: [
        ok,
        { user_id: "u" },
        5,
        { ...ok, event_id: "2", event_name: "clash" },
        { ...ok, event_id: "3", properties: { deep } },
        { ...ok, event_id: "4", properties: { deep: [[deep]] } },
        { ...ok, event_id: "5", properties: { constructor: 1 } },
        ok,
      ],
    });
    expect(response.status).toBe(200);
    const { success, results } = (await response.json()) as Batch;
    expect(success).toBe(false);
    expect(results.map(({ status, error }) => error?.code ?? status)).toEqual([
      "stored",
      "MISSING_FIELD",
      "INVALID_TYPE",
      "IDEMPOTENCY_CONFLICT",
      "stored",
      "INVALID_REQUEST",
      "INVALID_REQUEST",
      "duplicate",
    ]);
  });

  it("tells which events to repeat where only some are known to be stored", async () => {
    const { track, services, clock } = await web();
    const asked = gate();
    services.ingestion.ingestEvents = ({ events }) => {
      asked.open();
      const { STORED, UNSPECIFIED } = EventVerdict_Outcome;
      return { verdicts: events.map(({ eventName }) => ({ outcome: eventName === "lost" ? UNSPECIFIED : STORED })) };
    };
    const element = (event_name: string) => ({ user_id: "u", event_name, event_id: event_name });
    const answer = track({ app_id: "app1", events: [element("kept"), element("lost")] });
    await asked.promise;
    await clock.advance(REQUEST_TIME_MS);
    const { results } = (await (await answer).json()) as Batch;
    expect(results.map(({ status }) => status)).toEqual(["stored", "retry"]);
  });

  it("is answered 503 where nothing of it is known to be stored", async () => {
    const { track, services, clock } = await web();
    const asked = gate();
    services.ingestion.ingestEvents = () => {
      asked.open();
      return unreachable();
    };
    const answer = track({ app_id: "app1", events: [{ user_id: "u", event_name: "e", event_id: "1" }] });
    await asked.promise;
    await clock.advance(REQUEST_TIME_MS);
    const response = await answer;
    expect([response.status, response.headers.has("retry-after")]).toEqual([503, true]);
    expect(await response.json()).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });

  it("has no key of its own", async () => {
    const { track } = await web();
    const response = await track({ app_id: "app1", events: [event] }, { "idempotency-key": "k" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ details: { field: "Idempotency-Key" } });
  });
});

describe("the limit by address", () => {
  it("is told on every answer, and refuses beyond it", async () => {
    const { track, clock } = await web({ clientRateLimit: 2 });
    const reset = String(clock.now() / 1000 + 1);
    const answers = [await track(event), await track("{"), await track(event)];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 429]);
    const told = answers.map(({ headers }) =>
      ["limit", "remaining", "reset"].map((h) => headers.get(`x-ratelimit-${h}`)),
    );
    expect(told).toEqual([
      ["2", "1", reset],
      ["2", "0", reset],
      ["2", "0", reset],
    ]);
    const refused = await answers[2]!.json();
    expect(refused).toMatchObject({ details: { limit: 2, window: "1 second", retry_after: 1 } });
    expect(answers[2]!.headers.get("retry-after")).toBe("1");
  });

  it("answers preflights without it", async () => {
    const { url } = await web({ clientRateLimit: 1 });
    for (const _ of [1, 2]) {
      const response = await fetch(`${url}${PATH}`, { method: "OPTIONS", headers: { origin: "https://any.example" } });
      expect([response.status, response.headers.get("access-control-max-age")]).toEqual([204, "86400"]);
    }
  });
});
