import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EventKind } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import vectors from "../../vectors/fingerprint.json" with { type: "json" };
import { KEYS } from "./fake-services.ts";
import { errorsOf, eventBody, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers, rawPost } from "./raw-http.ts";

describe("POST /events", () => {
  it("hands ingestion the parsed event and answers its fingerprint", async () => {
    const { post, services, clock } = await runGateway();
    const response = await post("/events", eventBody({ app_user_id: "user_1", params: { a: 1 }, language: "TR" }));
    expect(response.status).toBe(200);
    const { fingerprint } = (await response.json()) as { fingerprint: string };
    expect(services.stored.get(fingerprint)).toMatchObject({
      tenantId: "t1",
      appId: "app1",
      kind: EventKind.DEVICE,
      sentAppUserId: "user_1",
      eventName: "purchase_completed",
      eventTime: "2026-11-20T11:30:00Z",
      eventTimeMs: Date.UTC(2026, 10, 20, 11, 30),
      receivedTimeMs: clock.now(),
      deviceToken: "tok_1",
      deviceKey: createHash("sha256").update("tok_1").digest("hex"),
      platform: "android",
      pushPermissionGranted: true,
      timezone: "Europe/Istanbul",
      language: "tr",
      country: "TR",
      sessionId: "sess_1",
      paramsJson: '{"a":1}',
      contextJson: "{}",
      surface: "smartapppush",
    });
  });

  it("makes the fingerprints that an independent implementation makes", async () => {
    const { post, services } = await runGateway();
    services.identity.resolveKey = () => ({ kind: 1, tenantId: vectors[0]!.tenant_id, appId: vectors[0]!.app_id });
    const own = vectors.filter(({ tenant_id, app_id }) => tenant_id === "t1" && app_id === "app1");
    expect(own.length).toBeGreaterThan(3);
    for (const { body, fingerprint, note } of own) {
      const response = await post("/events", { ...eventBody(), ...body });
      expect(await response.json(), note).toEqual({ fingerprint });
    }
  });

  it("answers a duplicate as it answered the first copy", async () => {
    const { post, log } = await runGateway();
    const first = await (await post("/events", eventBody())).json();
    const second = await post("/events", eventBody());
    expect(second.status).toBe(200);
    expect(await second.json()).toEqual(first);
    expect(log.filter(({ msg }) => msg === "request").map(({ verdict }) => verdict)).toEqual(["stored", "duplicate"]);
  });

  it("names all failing fields at once, an unknown key among them in its place", async () => {
    const { post, services } = await runGateway();
    const response = await post(
      "/events",
      eventBody({ api_key: "wrong", tenant_id: "t1", platform: "PC", country: 7 }),
    );
    expect(response.status).toBe(400);
    expect(await errorsOf(response)).toEqual([
      { field: "api_key", code: "unknown_api_key" },
      { field: "platform", code: "invalid_value" },
      { field: "country", code: "invalid_type" },
    ]);
    expect(services.stored.size).toBe(0);
  });

  it.each([
    ["a key that nobody has", { api_key: "nobody" }],
    ["a server key", { api_key: KEYS.server }],
    ["a revoked key", { api_key: KEYS.revoked }],
    ["another tenant's key", { api_key: KEYS.otherApi }],
    ["another tenant", { tenant_id: "t2" }],
  ])("refuses %s in the same words", async (_, fields) => {
    const { post } = await runGateway();
    const response = await post("/events", eventBody(fields));
    expect(response.status).toBe(400);
    const known = await (await post("/events", eventBody({ api_key: "nobody" }))).json();
    expect(await response.json()).toEqual(known);
  });

  it.each([
    ["text/plain, as sendBeacon sends", "text/plain;charset=UTF-8"],
    ["application/json with a charset", 'application/json; charset="utf-8"'],
  ])("accepts %s", async (_, type) => {
    const { post } = await runGateway();
    expect((await post("/events", eventBody(), { "content-type": type })).status).toBe(200);
  });

  it("accepts a body without a content type", async () => {
    const { port } = await runGateway();
    const request = rawPost("/events", JSON.stringify(eventBody()), ["Connection: close"]);
    expect(parseAnswers(await exchangeRaw(port, [request]))[0]!.status).toBe(200);
  });

  it.each(["application/xml", "application/x-www-form-urlencoded", "garbage", "application/json; charset=latin1"])(
    "refuses the content type %s as unreadable",
    async (type) => {
      const { port } = await runGateway();
      const headers = ["Connection: close", `Content-Type: ${type}`];
      const [answer] = parseAnswers(
        await exchangeRaw(port, [rawPost("/events", JSON.stringify(eventBody()), headers)]),
      );
      expect(answer!.status).toBe(400);
      expect(JSON.parse(answer!.body).errors).toMatchObject([{ field: "body", code: "malformed_json" }]);
    },
  );

  it.each([
    ["", "malformed_json"],
    ["{", "malformed_json"],
    ["[]", "invalid_type"],
    ['"x"', "invalid_type"],
  ])("refuses the body %j with %s", async (body, code) => {
    const { post } = await runGateway();
    const response = await post("/events", body);
    expect(response.status).toBe(400);
    expect(await errorsOf(response)).toEqual([{ field: "body", code }]);
  });

  it("inflates gzip", async () => {
    const { post } = await runGateway();
    const response = await post("/events", gzipSync(JSON.stringify(eventBody())), { "content-encoding": "gzip" });
    expect(response.status).toBe(200);
  });

  it.each([
    ["a gzip bomb", gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20)), "too_large"],
    ["cut gzip", gzipSync(JSON.stringify(eventBody())).subarray(0, 40), "malformed_json"],
  ])("refuses %s with 400", async (_, body, code) => {
    const { post } = await runGateway();
    const response = await post("/events", body, { "content-encoding": "gzip" });
    expect(response.status).toBe(400);
    expect(await errorsOf(response)).toEqual([{ field: "body", code }]);
  });

  it.each(["announced", "chunked"])("refuses an %s body of more than 64 KB with 400", async (how) => {
    const { port } = await runGateway();
    const body = JSON.stringify(eventBody({ params: { x: "y".repeat(70_000) } }));
    const head = "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const length = Buffer.byteLength(body);
    const request =
      how === "announced"
        ? `${head}Content-Length: ${length}\r\n\r\n${body}`
        : `${head}Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const [answer] = parseAnswers(await exchangeRaw(port, [request]));
    expect(answer!.status).toBe(400);
    expect(JSON.parse(answer!.body).errors).toMatchObject([{ field: "body", code: "too_large" }]);
  });

  it("accepts a chunked body", async () => {
    const { port } = await runGateway();
    const body = JSON.stringify(eventBody());
    const head = "POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    const chunks = [...body].map((character) => `1\r\n${character}\r\n`);
    const [answer] = parseAnswers(await exchangeRaw(port, [head, ...chunks, "0\r\n\r\n"]));
    expect(answer!.status).toBe(200);
  });
});
