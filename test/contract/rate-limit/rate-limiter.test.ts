import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { inProcessRateLimiter } from "../../../gateway/rate-limit/in-process-rate-limiter.ts";
import type { RateLimiter } from "../../../gateway/rate-limit/rate-limiter.ts";
import { redisRateLimiter } from "../../../gateway/rate-limit/redis-rate-limiter.ts";
import { systemClock } from "../../../services/runtime/clock.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { redisIsHere, startRedis, type TestRedis } from "./redis.ts";

const logger = createLogger({ name: "test", level: "silent" });

/** What every limiter does. Windows are long: nothing here depends on how fast it runs. */
function behavesAsLimiter(make: () => Promise<RateLimiter>): void {
  const rule = (limit: number) => ({ name: randomUUID(), limit, windowMs: 60_000 });

  it("lets as many requests pass as the limit says, also when all come at once", async () => {
    const limiter = await make();
    const fifty = rule(50);
    const decisions = await Promise.all(Array.from({ length: 120 }, () => limiter.consume(fifty, "a")));
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(50);
  });

  it("tells limit, what remains, and when the window ends", async () => {
    const limiter = await make();
    const three = rule(3);
    const before = Date.now();
    const decisions = [];
    for (let count = 0; count < 5; count += 1) decisions.push(await limiter.consume(three, "a"));
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
    expect(decisions.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0]);
    for (const { limit, resetMs } of decisions) {
      expect(limit).toBe(3);
      expect(resetMs).toBeGreaterThan(before);
      expect(resetMs).toBeLessThanOrEqual(Date.now() + 60_000);
    }
  });

  it("counts each key and each rule by itself", async () => {
    const limiter = await make();
    const [one, other] = [rule(1), rule(1)];
    expect((await limiter.consume(one, "a")).allowed).toBe(true);
    expect((await limiter.consume(one, "b")).allowed).toBe(true);
    expect((await limiter.consume(other, "a")).allowed).toBe(true);
    expect((await limiter.consume(one, "a")).allowed).toBe(false);
  });

  it("is off at a limit of 0", async () => {
    const limiter = await make();
    const off = rule(0);
    for (let count = 0; count < 20; count += 1) {
      expect(await limiter.consume(off, "a")).toMatchObject({ allowed: true, limit: 0 });
    }
  });
}

describe("the in-process limiter", () => {
  behavesAsLimiter(async () => inProcessRateLimiter({ clock: systemClock }));
});

describe.runIf(redisIsHere)("the Redis limiter", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  async function connected(): Promise<RateLimiter> {
    const limiter = redisRateLimiter({ url: redis.url, clock: systemClock, logger });
    onTestFinished(() => limiter.close());
    await limiter.connectionTried;
    return limiter;
  }
  behavesAsLimiter(connected);

  it("shares counts among processes", async () => {
    const [first, second] = [await connected(), await connected()];
    const rule = { name: randomUUID(), limit: 4, windowMs: 60_000 };
    const decisions = [];
    for (const limiter of [first, second, first, second, first, second]) {
      decisions.push((await limiter.consume(rule, "a")).allowed);
    }
    expect(decisions).toEqual([true, true, true, true, false, false]);
  });
});
