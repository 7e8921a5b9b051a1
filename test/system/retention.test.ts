import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callsOf, type EventSketch } from "./app-calls.ts";
import { pausingClock, startVerifiedSystem, type VerifiedSystem } from "./verify/verification.ts";

const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;
const DAYS = 40;

describe("retention", () => {
  const clock = pausingClock(start);
  let verified: VerifiedSystem;
  beforeAll(async () => {
    verified = await startVerifiedSystem(clock);
  });
  afterAll(() => verified.stop());

  async function shop(retentionDays: number) {
    const { system } = verified;
    const { app } = await system.apps.createApp({ tenantId: "acme", name: "Shop" });
    const calls = callsOf(system, { tenantId: "acme", appId: app!.appId });
    await system.apps.setRetention({ ...calls.app, retentionDays });
    const names = async () => {
      const { events } = await system.events.listEvents({ ...calls.app, pageSize: 1_000 });
      return events.map(({ eventName, appUserId }) => `${eventName} ${appUserId}`).toReversed();
    };
    return { ...calls, names };
  }

  /** Moves to so many days after the start, and removes what is due. */
  async function onDay(number: number): Promise<void> {
    clock.advance(Math.max(0, start + number * day - clock.now()));
    await verified.system.removeExpired();
  }

  test("removes what is older, and keeps what profiles, devices and attributions rest on", async () => {
    const { system } = verified;
    const app = await shop(DAYS);
    const other = await shop(0);
    const from = clock.now();
    const at = (days: number) => from + days * day;
    const events: EventSketch[] = [
      { atMs: at(0), device: "phone", name: "first" },
      { atMs: at(1), device: "phone", name: "past" },
      { atMs: at(2), device: "phone", name: "login", user: "ann" },
      { atMs: at(3), device: "phone", name: "old", user: "ann" },
      { atMs: at(4), device: "phone", name: "last", user: "ann" },
      { atMs: at(5), device: "phone", name: "hashed", byHash: true },
    ];
    for (const calls of [app, other]) await calls.ingest(...events);
    const push = await app.push({ atMs: at(1.5), device: "phone" });
    const before = await app.state();
    expect(before.merges[0]).toMatchObject({ eventCount: 2, pushCount: 1 });

    clock.advance(70 * day);
    await system.removeExpired();
    // The anonymous first event, the login that took it, and the device's last; `hashed` is the user's last.
    expect(await app.names()).toEqual(["first ann", "login ann", "last ann", "hashed ann"]);
    const after = await app.state();
    expect(after.profiles).toEqual(before.profiles);
    expect(after.devices).toEqual(before.devices);
    expect(after.pushes).toEqual([]);
    expect(after.merges[0]).toMatchObject({ toAppUserId: "ann", eventCount: 1, pushCount: 0 });
    expect(await verified.verify(app.app)).toMatchObject({ differences: [], pending: [] });
    await verified.verify(app.app, true);
    expect((await app.state()).profiles).toEqual(before.profiles);
    expect(await other.names()).toHaveLength(events.length);

    await expect(system.pushes.getPush({ ...app.app, trackingToken: push })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });

  test("keeps the event that tells who owned the device at an event by hash, for as long as that is there", async () => {
    const app = await shop(DAYS);
    const from = clock.now();
    const at = (days: number) => from + days * day;
    await app.ingest({ atMs: from, device: "phone", user: "ann", name: "first" });
    await app.ingest({ atMs: at(1), device: "phone", user: "ann", name: "owner" });
    await app.ingest({ atMs: at(2), device: "phone", name: "hashed", byHash: true });
    await app.ingest({ atMs: at(3), device: "phone", user: "bob", name: "bob" });
    clock.advance(41 * day + 1);
    await verified.system.removeExpired();
    expect(await app.names()).toEqual(["first ann", "owner ann", "hashed ann", "bob bob"]);
    expect(await verified.verify(app.app)).toMatchObject({ differences: [], pending: [] });
  });

  test("what was removed and is sent again is late, changes nothing and goes again", async () => {
    const app = await shop(DAYS);
    const from = clock.now();
    const sketch = { atMs: from + 1, device: "phone", user: "ann", name: "old" };
    await app.ingest({ atMs: from, device: "phone", user: "ann" }, sketch, { ...sketch, atMs: from + 2, name: "last" });
    const before = await app.state();
    clock.advance(50 * day);
    await verified.system.removeExpired();
    expect(await app.names()).toEqual(["seen ann", "last ann"]);

    await app.ingest({ ...sketch, receivedMs: clock.now() });
    expect(await app.names()).toContain("old ann");
    expect(await app.state()).toMatchObject({ profiles: before.profiles, devices: before.devices });
    clock.advance(2 * day);
    await verified.system.removeExpired();
    expect(await app.names()).toEqual(["seen ann", "last ann"]);
  });

  test("property: later events fall out as if nothing had ever been removed", { timeout: 120_000 }, async () => {
    const sketch = fc.record({
      device: fc.constantFrom("a", "b", "c"),
      user: fc.constantFrom("", "", "ann", "bob"),
      name: fc.constantFrom("seen", "seen", "logged_out"),
      byHash: fc.nat(4).map((n) => n === 0),
      gap: fc.integer({ min: 1, max: 8 * day }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sketch, { minLength: 5, maxLength: 40 }), async (sketches) => {
        const kept = await shop(0);
        const app = await shop(31);
        for (const [i, { gap, user, ...rest }] of sketches.entries()) {
          clock.advance(gap);
          const event = { ...rest, atMs: clock.now(), ...(user === "" || rest.byHash ? {} : { user }) };
          await kept.ingest(event);
          await app.ingest(event);
          if (i % 4 === 3) await verified.system.removeExpired();
        }
        const [expected, actual] = [await kept.state(), await app.state()];
        expect(withoutApp(actual.profiles)).toEqual(withoutApp(expected.profiles));
        expect(withoutApp(actual.devices)).toEqual(withoutApp(expected.devices));
        const names = await app.names();
        // Whatever is still there belongs to whom it would belong to.
        const all = await kept.names();
        for (const name of names) expect(all).toContain(name);
        expect((await verified.verify(app.app)).differences).toEqual([]);
        await verified.system.apps.setRetention({ ...app.app, retentionDays: 0 });
      }),
      { numRuns: 6 },
    );
  });

  test.each([-1, 1, 30, 36_501])(
    "of %i days is refused, because what is sent again would count twice",
    async (days) => {
      const { system } = verified;
      const { app } = await shop(0);
      await expect(system.apps.setRetention({ ...app, retentionDays: days })).rejects.toMatchObject({
        code: Code.InvalidArgument,
      });
    },
  );

  test("is looked at once a day, and at once where it was shortened", async () => {
    const app = await shop(100);
    const from = clock.now();
    await app.ingest(...[0, 1, 2].map((n) => ({ atMs: from + n, device: "phone", user: "ann", name: `e${n}` })));
    await onDay(0);
    clock.advance(60 * day);
    await verified.system.removeExpired();
    expect(await app.names()).toHaveLength(3);
    await verified.system.apps.setRetention({ ...app.app, retentionDays: 31 });
    await verified.system.removeExpired();
    expect(await app.names()).toEqual(["e0 ann", "e2 ann"]);
  });
});

/** What operators read, without what differs between two apps by nature. */
function withoutApp(things: readonly object[]): unknown {
  const text = JSON.stringify(things, (key, value) => {
    if (typeof value === "bigint") return String(value);
    return key === "fingerprint" ? "" : value;
  });
  return JSON.parse(text);
}
