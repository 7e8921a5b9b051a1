import { describe, expect, it } from "vitest";
import { inProcessRateLimiter } from "../../../gateway/rate-limit/in-process-rate-limiter.ts";
import { cidrs } from "../../../services/runtime/config-fields.ts";
import { eventBody, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers } from "./raw-http.ts";
import { virtualClock } from "./virtual-clock.ts";

async function limitedGateway(overrides: Parameters<typeof runGateway>[0] = {}) {
  const clock = virtualClock();
  return {
    ...(await runGateway({ clock, rateLimiter: inProcessRateLimiter({ clock }), clientRateLimit: 10, ...overrides })),
    clock,
  };
}

describe("the rate limit of client-facing endpoints", () => {
  it("lets ten requests a second pass for each endpoint and tells when to come back", async () => {
    const { post, clock } = await limitedGateway();
    const statuses = async (path: string, count: number) => {
      const responses = await Promise.all(Array.from({ length: count }, () => post(path, "{}")));
      return responses.map(({ status }) => status).sort();
    };
    expect(await statuses("/events", 12)).toEqual([...Array(10).fill(400), 429, 429]);
    expect(await statuses("/pushes/opened", 1)).toEqual([400]);
    const refused = await post("/events", eventBody());
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(await refused.json()).toMatchObject({ errors: [{ field: "body", code: "rate_limited" }] });
    await clock.advance(1_000);
    expect((await post("/events", eventBody())).status).toBe(200);
  });

  it("refuses before the body is sent", async () => {
    const { post, port } = await limitedGateway({ clientRateLimit: 1 });
    await post("/events", "{}");
    const head = "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n";
    expect(parseAnswers(await exchangeRaw(port, [head]))[0]!.status).toBe(429);
  });

  it("does not count preflights, and is off at 0", async () => {
    const { post, url } = await limitedGateway({ clientRateLimit: 1 });
    for (let count = 0; count < 5; count += 1) {
      expect((await fetch(`${url}/events`, { method: "OPTIONS" })).status).toBe(204);
    }
    expect((await post("/events", eventBody())).status).toBe(200);
    const open = await limitedGateway({ clientRateLimit: 0 });
    for (let count = 0; count < 30; count += 1) expect((await open.post("/events", eventBody())).status).toBe(200);
  });

  it("counts by the forwarded address only behind a trusted proxy", async () => {
    const trusting = await limitedGateway({ clientRateLimit: 1, trustedProxies: cidrs.parse("127.0.0.0/8")! });
    const statusOf = async (gateway: typeof trusting, forwarded: string) =>
      (await gateway.post("/events", eventBody(), { "x-forwarded-for": forwarded })).status;
    expect(await statusOf(trusting, "203.0.113.1")).toBe(200);
    expect(await statusOf(trusting, "203.0.113.2")).toBe(200);
    expect(await statusOf(trusting, "198.51.100.9, 203.0.113.2, 127.0.0.2")).toBe(429);
    const distrusting = await limitedGateway({ clientRateLimit: 1 });
    expect(await statusOf(distrusting, "203.0.113.1")).toBe(200);
    expect(await statusOf(distrusting, "203.0.113.2")).toBe(429);
  });
});
