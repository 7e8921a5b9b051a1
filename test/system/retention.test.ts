import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
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
    /** Whom events and pushes belong to, by their times, which are all different. */
    const owners = async () => {
      const { events } = await system.events.listEvents({ ...calls.app, pageSize: 1_000 });
      const { pushes } = await system.pushes.listPushes({ ...calls.app, pageSize: 1_000 });
      return new Map([
        ...events.map(({ effectiveTime, appUserId }) => [timestampMs(effectiveTime!), appUserId] as const),
        ...pushes.map(({ sentTime, appUserId }) => [timestampMs(sentTime!), appUserId] as const),
      ]);
    };
    return { ...calls, names, owners };
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

  test("property: whatever comes later falls out as if nothing had ever been removed", {
    timeout: 120_000,
  }, async () => {
    const device = fc.constantFrom("a", "b", "c");
    const event = fc.record({
      device,
      user: fc.constantFrom("", "", "ann", "bob"),
      name: fc.constantFrom("seen", "seen", "logged_out"),
      byHash: fc.nat(4).map((n) => n === 0),
    });
    const step = fc.oneof(
      { weight: 12, arbitrary: event.map((sketch) => ({ kind: "event", ...sketch }) as const) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("push"), device }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("refresh"), device, next: device }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constantFrom("unlinkDevice", "relinkDevice"),
          device,
          user: fc.constantFrom("ann", "bob"),
        }),
      },
    );
    const steps = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 8 * day })), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const kept = await shop(0);
        const app = await shop(31);
        const { system } = verified;
        for (const [i, [what, gap]] of all.entries()) {
          clock.advance(gap);
          const atMs = clock.now();
          for (const calls of [kept, app]) {
            if (what.kind === "event") {
              const { kind: _, user, ...rest } = what;
              await calls.ingest({ ...rest, atMs, ...(user === "" || rest.byHash ? {} : { user }) });
            } else if (what.kind === "push") await calls.push({ device: what.device, atMs });
            else if (what.kind === "refresh") {
              if (what.device !== what.next) await calls.refresh(what.device, what.next, atMs);
            } else {
              const link = { ...calls.app, deviceToken: what.device, appUserId: what.user };
              await system.profiles[what.kind](link).catch(unknownDevice);
            }
          }
          if (i % 4 === 3) await system.removeExpired();
        }
        const [expected, actual] = [await kept.state(), await app.state()];
        expect(withoutApp(actual.profiles)).toEqual(withoutApp(expected.profiles));
        expect(withoutApp(actual.devices)).toEqual(withoutApp(expected.devices));
        // Whatever is still there belongs to whom it would belong to.
        const owners = await kept.owners();
        for (const [atMs, owner] of await app.owners()) expect(owner).toBe(owners.get(atMs));
        expect((await verified.verify(app.app)).differences).toEqual([]);
        await system.apps.setRetention({ ...app.app, retentionDays: 0 });
      }),
      { numRuns: 6, seed: 1 },
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

function unknownDevice(error: unknown): void {
  expect(ConnectError.from(error).code).toBe(Code.NotFound);
}

/** What operators read, without what differs between two apps by nature. */
function withoutApp(things: readonly object[]): unknown {
  const text = JSON.stringify(things, (key, value) => {
    if (typeof value === "bigint") return String(value);
    return key === "fingerprint" ? "" : value;
  });
  return JSON.parse(text);
}
