import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppCalls, newApp } from "./app-calls.ts";
import { createOutage } from "./failing-database.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;

describe("an erasure that ends between any two steps", () => {
  const clock = virtualClock(start + 60 * minute);
  const outage = createOutage();
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ clock, databaseOf: outage.databaseOf });
  });
  afterAll(() => system.stop());

  /** Two users of a phone that was anonymous before and between them, a push, and a second device. */
  async function populated(): Promise<{ readonly shop: AppCalls; readonly fingerprints: readonly string[] }> {
    const shop = newApp(system);
    const events = [
      { atMs: start, device: "phone" },
      { atMs: start + minute, device: "phone", user: "ann" },
      { atMs: start + 2 * minute, device: "phone" },
      { atMs: start + 3 * minute, device: "phone", user: "bob" },
      { atMs: start + 4 * minute, device: "phone", byHash: true },
      { atMs: start, device: "pad", user: "bob" },
    ].map(shop.event);
    await system.ingestion.ingestEvents({ events });
    await shop.push({ atMs: start + 2 * minute, device: "phone" });
    return { shop, fingerprints: events.map(({ fingerprint }) => fingerprint) };
  }

  const erase = ({ app }: AppCalls) => system.profiles.eraseProfile({ ...app, appUserId: "bob" });

  /** What operators read, with numbers for fingerprints: each app has its own. */
  async function read({ shop, fingerprints }: Awaited<ReturnType<typeof populated>>): Promise<string> {
    const state = inspect(await shop.state(), { depth: null });
    return fingerprints.reduce((text, fingerprint, n) => text.replaceAll(fingerprint, `event ${n}`), state);
  }

  /** Lets the sweeper go on with what was left, and then look for what was on its way. */
  async function sweep(): Promise<void> {
    for (let look = 0; look < 3; look++) {
      clock.advance(10_001);
      await system.sweep();
    }
  }

  test("ends as one that nothing interrupted, by the sweeper or by being asked for again", async () => {
    const undisturbed = await populated();
    outage.begin(Number.POSITIVE_INFINITY, "before");
    expect(await erase(undisturbed.shop)).toMatchObject({ eventCount: 4, pushCount: 1, mergeCount: 1, deviceCount: 2 });
    const steps = outage.calls;
    await sweep();
    const expected = await read(undisturbed);
    expect(expected).not.toContain("bob");
    expect(steps).toBeGreaterThan(20);

    for (let step = 0; step < steps; step++) {
      for (const when of ["before", "after"] as const) {
        const disturbed = await populated();
        outage.begin(step, when);
        await expect(erase(disturbed.shop), `step ${step}`).rejects.toThrow();
        outage.end();
        await system.restart();
        // Before its document is stored there is nothing to go on with, and the caller was not answered.
        if ((step + (when === "after" ? 1 : 0)) % 2 === 0 || step < 3) await erase(disturbed.shop);
        await sweep();
        expect(await read(disturbed), `${when} step ${step}`).toBe(expected);
      }
    }
  });
});
