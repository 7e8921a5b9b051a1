import { describe, expect, it } from "vitest";
import { inProcessRateLimiter } from "../../../../gateway/rate-limit/in-process-rate-limiter.ts";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";

const RULE = { name: "r", limit: 2, windowMs: 1_000 };

function setUp(maxKeys = 1_000) {
  const clock = virtualClock();
  const limiter = inProcessRateLimiter({ clock, maxKeys });
  const allowed = (key = "a") => limiter.consumeNow(RULE, key).allowed;
  return { clock, limiter, allowed };
}

describe("the in-process limiter", () => {
  it("counts anew when the window of a key has ended, not before", async () => {
    const { clock, allowed } = setUp();
    expect([allowed(), allowed(), allowed()]).toEqual([true, true, false]);
    await clock.advance(999);
    expect(allowed()).toBe(false);
    await clock.advance(1);
    expect([allowed(), allowed(), allowed()]).toEqual([true, true, false]);
  });

  it("is not prolonged by requests that it refuses", async () => {
    const { clock, allowed } = setUp();
    for (let time = 0; time < 10; time += 1) {
      allowed();
      await clock.advance(100);
    }
    expect(allowed()).toBe(true);
  });

  it("forgets the oldest windows beyond its bound, and ended ones first", async () => {
    const { allowed } = setUp(10);
    for (const key of ["a", "a", "a"]) allowed(key);
    expect(allowed("a")).toBe(false);
    for (let index = 0; index < 9; index += 1) allowed(`k${index}`);
    expect(allowed("a")).toBe(false);
    allowed("one more");
    expect(allowed("a")).toBe(true);
  });

  it("keeps a block that was told to it, for at most a window", async () => {
    const { clock, limiter, allowed } = setUp();
    limiter.block(RULE, "a", clock.now() + 500);
    expect(allowed()).toBe(false);
    await clock.advance(500);
    expect(allowed()).toBe(true);
    limiter.block(RULE, "b", clock.now() + 3_600_000);
    await clock.advance(1_000);
    expect(allowed("b")).toBe(true);
  });

  it("lets pass again when the clock was set back", () => {
    const { clock, allowed } = setUp();
    for (let count = 0; count < 3; count += 1) allowed();
    clock.set(clock.now() - 3_600_000);
    expect(allowed()).toBe(true);
  });
});
