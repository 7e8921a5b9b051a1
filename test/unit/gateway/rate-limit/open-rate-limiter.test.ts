import { expect, test } from "vitest";
import { openRateLimiter } from "../../../../gateway/rate-limit/open-rate-limiter.ts";
import { systemClock } from "../../../../services/runtime/clock.ts";
import { createLogger } from "../../../../services/runtime/log.ts";

const options = { clock: systemClock, logger: createLogger({ name: "test", level: "silent" }) };

test("a Redis that is not there to begin with is told with its host, never with its password", async () => {
  // Nothing listens on port 1 of a machine that runs tests.
  const opened = openRateLimiter("redis://user:hidden@127.0.0.1:1", options);
  await expect(opened).rejects.toThrow("Redis at 127.0.0.1:1 cannot be reached (CARILLON_REDIS_URL)");
});

test("without a URL the process counts by itself", async () => {
  const limiter = await openRateLimiter(undefined, options);
  const rule = { name: "probe", limit: 1, windowMs: 60_000 };
  expect((await limiter.consume(rule, "a")).allowed).toBe(true);
  expect((await limiter.consume(rule, "a")).allowed).toBe(false);
});
