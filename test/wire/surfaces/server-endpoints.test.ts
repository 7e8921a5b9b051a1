import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { KEYS } from "../gateway/fake-services.ts";
import { exchangeRaw, parseAnswers, rawPost } from "../gateway/raw-http.ts";
import { runEndpoint, serverEndpoints, unreachable } from "./surface-requests.ts";

describe.each(serverEndpoints)("POST $path", (endpoint) => {
  const { path, prefix, says } = endpoint;

  it("answers 404 under its paths in its own shape", async () => {
    const { post } = await runEndpoint(endpoint);
    for (const unknown of [`${prefix}nowhere`, `${path}/`, `${path}/1`]) {
      const response = await post(unknown, {});
      expect(response.status, unknown).toBe(404);
      expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      expect(await response.json()).toMatchObject(says.notFound);
    }
  });

  it.each(["GET", "PUT", "DELETE", "PATCH"])("answers 405 to %s with what is allowed", async (method) => {
    const { url } = await runEndpoint(endpoint);
    const response = await fetch(`${url}${path}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
    expect(await response.json()).toMatchObject(says.methodNotAllowed);
  });

  it("answers 400 to a body that is too large, told or not, before or after inflation", async () => {
    const { call, port } = await runEndpoint(endpoint);
    const large = JSON.stringify({ fill: "x".repeat(65_536) });
    const response = await call(KEYS.server, {}, large);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject(says.tooLarge);
    const { headers } = endpoint.sent(KEYS.server);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n${lines.join("\r\n")}\r\n\r\n`;
    const chunk = `8000\r\n${"y".repeat(0x8000)}\r\n`;
    const [answer] = parseAnswers(await exchangeRaw(port, [head, chunk, chunk, chunk, "0\r\n\r\n"]));
    expect(answer!.status).toBe(400);
    expect(JSON.parse(answer!.body)).toMatchObject(says.tooLarge);
  });

  it("limits each key by the minute, with the time until it may come back", async () => {
    const { call, clock } = await runEndpoint(endpoint, { serverRateLimit: 2 });
    expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
    await clock.advance(15_500);
    const response = await call();
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("45");
    expect(await response.json()).toMatchObject(endpoint.limited(45, 2));
    expect((await call(KEYS.otherServer)).status).toBe(200);
    await clock.advance(44_500);
    expect((await call()).status).toBe(200);
  });

  it("limits a wrong key as well, before anybody is asked for it", async () => {
    const { call, services } = await runEndpoint(endpoint, { serverRateLimit: 1 });
    expect((await call("made-up")).status).toBe(401);
    services.identity.resolveKey = unreachable;
    expect((await call("made-up")).status).toBe(429);
  });

  it("answers 503 while identity cannot be reached, never 401, and says nothing of it", async () => {
    const { call, services } = await runEndpoint(endpoint);
    services.identity.resolveKey = unreachable;
    const response = await call();
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject(says.overloaded);
    expect(text).not.toContain("10.0.0.7");
  });

  it("keeps serving a key that it knows while identity cannot be reached", async () => {
    const { call, services, clock } = await runEndpoint(endpoint);
    expect((await call()).status).toBe(200);
    services.identity.resolveKey = unreachable;
    await clock.advance(60_000);
    expect((await call()).status).toBe(200);
  });

  it("answers 500 to what a service refuses for ever, without its words", async () => {
    const { call, services } = await runEndpoint(endpoint);
    const refuse = () => {
      throw new ConnectError("secret reason", Code.InvalidArgument);
    };
    services.ingestion.ingestEvents = refuse;
    services.tracking.reportPushes = refuse;
    const response = await call();
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject(says.internal);
    expect(text).not.toContain("secret");
  });

  it("takes over a sane request id and needs no Content-Type", async () => {
    const { port } = await runEndpoint(endpoint);
    const { headers, body } = endpoint.sent(KEYS.server);
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      name === "content-type" ? [] : [`${name}: ${value}`],
    );
    const text = rawPost(path, body, [...lines, "X-Request-Id: trace-1", "Connection: close"]);
    const [answer] = parseAnswers(await exchangeRaw(port, [text]));
    expect([answer!.status, answer!.headers.get("x-request-id")]).toEqual([200, "trace-1"]);
  });

  it("is not open to other origins", async () => {
    const { call } = await runEndpoint(endpoint);
    const response = await call(KEYS.server, { origin: "https://shop.example" });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});
