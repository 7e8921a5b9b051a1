import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Latencies } from "../../bench/load/latencies.ts";
import { Tally } from "../../bench/load/tally.ts";

describe("a percentile", () => {
  it("is right to 2.2 % for any times from 0.01 ms to an hour", () => {
    const times = fc.array(fc.double({ min: 0.01, max: 3_600_000, noNaN: true }), { minLength: 1 });
    const shares = fc.constantFrom(0.5, 0.9, 0.99, 1);
    fc.assert(
      fc.property(times, shares, (all, share) => {
        const latencies = new Latencies();
        for (const ms of all) latencies.add(ms);
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1] as number;
        const measured = latencies.percentile(share);
        expect(Math.abs(measured / exact - 1)).toBeLessThan(0.022);
      }),
    );
  });

  it("is 0 where nothing was measured", () => {
    expect(new Latencies().percentile(0.99)).toBe(0);
  });
});

describe("a tally", () => {
  it("counts refusals with and without Retry-After, and times only what was accepted", () => {
    const tally = new Tally();
    for (let request = 0; request < 4; request++) tally.offer();
    tally.answered({ status: 200, retryAfter: false }, 10);
    tally.answered({ status: 503, retryAfter: true }, 5_000);
    tally.answered({ status: 503, retryAfter: false }, 5_000);
    const { offered, statuses, retryAfter, latency } = tally.result(1, 0);
    expect({ offered, statuses, retryAfter }).toEqual({ offered: 4, statuses: { 200: 1, 503: 2 }, retryAfter: 1 });
    expect(latency.max).toBeLessThan(11);
  });
});
