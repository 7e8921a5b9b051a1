import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { redisRateLimiter } from "../../../gateway/rate-limit/redis-rate-limiter.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { type VirtualClock, virtualClock } from "../../wire/gateway/virtual-clock.ts";
import { redisIsHere, startRedis, type TestRedis } from "./redis.ts";

const RULE = { name: "outage", limit: 3, windowMs: 60_000 };

/** A way to Redis that can be made to hang, to be cut, and mended. */
interface Way {
  readonly url: string;
  mode: "open" | "hanging" | "closed";
  cut(): void;
}

async function wayTo(target: string): Promise<Way> {
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(target);
  const server: Server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => near.destroy());
    if (way.mode === "closed") return near.destroy();
    const far = connect(Number(port), hostname);
    sockets.add(far);
    far.on("error", () => near.destroy());
    near.on("data", (data) => far.write(data));
    // A hung server's answers come late, not never.
    const late: Buffer[] = [];
    far.on("data", (data) => {
      if (way.mode === "hanging") late.push(data);
      else near.write(Buffer.concat([...late.splice(0), data]));
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const way: Way = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: "open",
    cut() {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
  };
  onTestFinished(() => {
    way.cut();
    server.close();
  });
  return way;
}

describe.runIf(redisIsHere)("the Redis limiter in outages", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  async function limiterOver(way: Way, clock: VirtualClock) {
    const lines: string[] = [];
    const logger = createLogger({ name: "test", level: "info", destination: { write: (line) => lines.push(line) } });
    const limiter = redisRateLimiter({ url: way.url, clock, logger });
    onTestFinished(() => limiter.close());
    await limiter.connectionTried;
    return { limiter, lines };
  }

  /** Uses keys of others until the shared count is asked again: theirs are counted there. */
  async function untilShared(limiter: Awaited<ReturnType<typeof limiterOver>>["limiter"], clock: VirtualClock) {
    const other = redisRateLimiter({
      url: redis.url,
      clock,
      logger: createLogger({ name: "o", level: "silent" }),
    });
    onTestFinished(() => other.close());
    await other.connectionTried;
    await vi.waitFor(
      async () => {
        await clock.advance(1_000);
        const key = randomUUID();
        for (let count = 0; count < RULE.limit; count += 1) await other.consume(RULE, key);
        expect((await limiter.consume(RULE, key)).allowed).toBe(false);
      },
      { timeout: 20_000 },
    );
  }

  it.each(["hanging", "closed"] as const)(
    "limits per process while Redis is %s, and shares again afterwards",
    async (mode) => {
      const way = await wayTo(redis.url);
      const clock = virtualClock();
      const { limiter, lines } = await limiterOver(way, clock);
      expect((await limiter.consume(RULE, randomUUID())).allowed).toBe(true);
      way.mode = mode;
      if (mode === "closed") way.cut();
      const key = randomUUID();
      const decisions = [];
      for (let count = 0; count < 5; count += 1) decisions.push((await limiter.consume(RULE, key)).allowed);
      expect(decisions).toEqual([true, true, true, false, false]);
      expect(lines.filter((line) => line.includes("per process"))).toHaveLength(1);
      way.mode = "open";
      await untilShared(limiter, clock);
      expect(lines.filter((line) => line.includes("answers again"))).toHaveLength(1);
    },
  );

  it("starts without Redis and shares once it is there", async () => {
    const way = await wayTo(redis.url);
    way.mode = "closed";
    const clock = virtualClock();
    const { limiter } = await limiterOver(way, clock);
    expect((await limiter.consume(RULE, randomUUID())).allowed).toBe(true);
    way.mode = "open";
    await untilShared(limiter, clock);
  });

  it("spares Redis the requests of a key that is blocked", async () => {
    const way = await wayTo(redis.url);
    const clock = virtualClock();
    const { limiter } = await limiterOver(way, clock);
    const key = randomUUID();
    for (let count = 0; count < RULE.limit; count += 1) await limiter.consume(RULE, key);
    // Nothing answers any more, so what is decided now is decided here, at once and without a word about it.
    way.mode = "hanging";
    expect(await limiter.consume(RULE, key)).toMatchObject({ allowed: false, limit: 3, remaining: 0 });
  });
});
