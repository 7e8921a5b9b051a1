import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppCalls, callsOf } from "./app-calls.ts";
import { createOutage } from "./failing-database.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;
const day = 86_400_000;

describe("a removal of what is old that ends between any two steps", () => {
  const clock = virtualClock(start + 40 * day);
  const outage = createOutage();
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ clock, databaseOf: outage.databaseOf });
  });
  afterAll(() => system.stop());

  /** A phone with an anonymous past that ann takes, with a push, and what goes between what stays. */
  async function populated(): Promise<{ readonly shop: AppCalls; readonly fingerprints: readonly string[] }> {
    const { app } = await system.apps.createApp({ tenantId: "acme", name: "Shop" });
    const shop = callsOf(system, { tenantId: "acme", appId: app!.appId });
    const fingerprints = await shop.ingest(
      ...[0, 1, 2].map((n) => ({ atMs: start + n * minute, device: "phone" })),
      ...[5, 6, 7].map((n) => ({ atMs: start + n * minute, device: "phone", user: "ann" })),
      { atMs: start + 8 * minute, device: "phone", byHash: true },
    );
    await shop.push({ atMs: start + 2 * minute, device: "phone" });
    await system.apps.setRetention({ ...shop.app, retentionDays: 31 });
    return { shop, fingerprints };
  }

  /** What operators read, with numbers for fingerprints: each app has its own. */
  async function read({ shop, fingerprints }: Awaited<ReturnType<typeof populated>>): Promise<string> {
    const state = inspect(await shop.state(), { depth: null });
    return fingerprints.reduce((text, fingerprint, n) => text.replaceAll(fingerprint, `event ${n}`), state);
  }

  test("is ended by the next one as if nothing had interrupted it, the journal included", async () => {
    const undisturbed = await populated();
    outage.begin(Number.POSITIVE_INFINITY, "before");
    await system.removeExpired();
    const steps = outage.calls;
    const expected = await read(undisturbed);
    expect((await undisturbed.shop.state()).events).toHaveLength(4);
    expect(expected).toContain("eventCount: 1");
    expect(steps).toBeGreaterThan(15);
    await system.apps.setRetention({ ...undisturbed.shop.app, retentionDays: 0 });

    // After a step is before the next one.
    for (let step = 0; step < steps; step++) {
      const disturbed = await populated();
      outage.begin(step, "after");
      await system.removeExpired().catch(() => "interrupted");
      outage.end();
      await system.restart();
      await system.removeExpired();
      expect(await read(disturbed), `step ${step}`).toBe(expected);
      await system.apps.setRetention({ ...disturbed.shop.app, retentionDays: 0 });
    }
  });
});
