import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import { HOLD_MS } from "../../../services/tracking/held-reports.ts";
import { createMaintenance } from "../../../services/tracking/maintenance.ts";
import { app, startMs, type TrackingFixture, token, trackingFixture } from "./tracking-fixture.ts";

const fingerprint = "f".repeat(64);

describe("pushes to an anonymous owner", () => {
  let fixture: TrackingFixture;
  beforeEach(async () => {
    fixture = await trackingFixture();
  });
  afterEach(() => fixture.close());

  const register = (n: number, appUserId = "anon:root") =>
    fixture.push.registerPushes({
      ...app,
      pushes: [{ trackingToken: token(n), appUserId, deviceToken: "phone", sentTime: timestampFromMs(startMs + n) }],
    });
  const floating = async () =>
    (
      await fixture.tracking.listFloatingPushes({
        ...app,
        deviceKeys: [deviceKeyOf("root")],
        fromMs: startMs,
        toMs: startMs + 99,
      })
    ).pushes;
  const write = (n: number, expectedRevision: bigint, overrides: object = {}) => ({
    trackingToken: token(n),
    expectedRevision,
    attribution: { appUserId: "ada", attributedBy: fingerprint },
    attributionVersion: 4n,
    ...overrides,
  });
  const attribute = async (...writes: object[]) => (await fixture.tracking.attributePushes({ ...app, writes })).results;
  const owner = async (n: number) => (await fixture.push.getPush({ ...app, trackingToken: token(n) })).push!.appUserId;

  it("are stored before the conductor hears of them, and belong to the id as sent until it decides", async () => {
    await register(1);
    expect(fixture.told.attributions).toEqual([
      {
        app: "acme/shop",
        pushes: [{ trackingToken: token(1), ownerToken: "root", deviceKey: deviceKeyOf("root"), sentMs: startMs + 1 }],
      },
    ]);
    expect(await owner(1)).toBe("anon:root");
    expect(await floating()).toMatchObject([
      { trackingToken: token(1), deviceKey: deviceKeyOf("root"), pending: true, attributionVersion: 0n, priors: [] },
    ]);
  });

  it("follow decisions, each made on what is stored, and are found by whom they belong to", async () => {
    await register(1);
    const [push] = await floating();
    const [first] = await attribute(write(1, push!.revision));
    expect(first).toMatchObject({ applied: true });
    expect(await owner(1)).toBe("ada");
    const other = { attribution: { appUserId: "bob", attributedBy: "" } };
    expect(await attribute(write(1, push!.revision, other))).toMatchObject([
      { applied: false, revision: first!.revision },
    ]);
    expect(await attribute(write(1, first!.revision, { ...other, attributionVersion: 3n }))).toMatchObject([
      { applied: false },
    ]);
    // The same write again, its answer having been lost.
    expect(await attribute(write(1, push!.revision))).toEqual([first]);
    expect((await fixture.push.listPushes({ ...app, appUserId: "ada" })).pushes).toHaveLength(1);
    expect((await fixture.push.listPushes({ ...app, appUserId: "anon:root" })).pushes).toHaveLength(0);
    expect(
      (await fixture.tracking.countPushesAttributedBy({ ...app, fingerprints: [fingerprint, "0"] })).counts,
    ).toEqual([1n, 0n]);
  });

  it("stay pending with their priors until what follows from them is done", async () => {
    await register(1);
    const [registered] = await floating();
    const [first] = await attribute(write(1, registered!.revision));
    const [second] = await attribute(
      write(1, first!.revision, { attribution: { appUserId: "bob", attributedBy: "b" } }),
    );
    await fixture.tracking.markPushesSettled({
      ...app,
      pushes: [{ trackingToken: token(1), revision: first!.revision }],
    });
    expect(await floating()).toMatchObject([
      { pending: true, priors: [{ appUserId: "ada", attributedBy: fingerprint }] },
    ]);
    await fixture.tracking.markPushesSettled({
      ...app,
      pushes: [{ trackingToken: token(1), revision: second!.revision }],
    });
    expect(await floating()).toMatchObject([{ pending: false, priors: [], attribution: { appUserId: "bob" } }]);
  });

  it("leave pushes that name their user, and tokens without a push, as they are", async () => {
    await register(1, "ada");
    expect(fixture.told.attributions).toEqual([]);
    expect(await attribute(write(1, BigInt(startMs)), write(2, 0n))).toEqual([
      expect.objectContaining({ applied: false, revision: 0n }),
      expect.objectContaining({ applied: false, revision: 0n }),
    ]);
  });

  it("are listed page by page in order of their sent times", async () => {
    for (const n of [3, 1, 2]) await register(n);
    const query = { ...app, deviceKeys: [deviceKeyOf("root")], fromMs: startMs, toMs: startMs + 99, limit: 2 };
    const first = (await fixture.tracking.listFloatingPushes(query)).pushes;
    const { sentTimeMs, trackingToken } = first[1]!;
    const second = (await fixture.tracking.listFloatingPushes({ ...query, after: { sentTimeMs, trackingToken } }))
      .pushes;
    expect([...first, ...second].map((push) => push.trackingToken)).toEqual([1, 2, 3].map(token));
  });

  it("are registered although nobody can attribute them now, and attributed when somebody can", async () => {
    fixture.outage = true;
    await register(1);
    expect(await owner(1)).toBe("anon:root");
    const maintenance = createMaintenance(fixture.context);
    fixture.clock.advance(4_999);
    fixture.outage = false;
    await maintenance.sweep();
    expect(fixture.told.attributions).toEqual([]);
    fixture.clock.advance(2);
    await Promise.all([maintenance.sweep(), createMaintenance(fixture.other.context).sweep()]);
    expect(fixture.told.attributions).toHaveLength(1);
  });

  it("do not keep a registration waiting for longer than the bound", async () => {
    const never = new Promise<void>(() => undefined);
    const asked = Promise.withResolvers<void>();
    Object.assign(fixture.context, {
      attributePushes: () => {
        asked.resolve();
        return never;
      },
    });
    const registered = register(1);
    await asked.promise;
    fixture.clock.advance(1_000);
    expect((await registered).pushes).toHaveLength(1);
  });
});

describe("maintenance", () => {
  let fixture: TrackingFixture;
  beforeEach(async () => {
    fixture = await trackingFixture();
  });
  afterEach(() => fixture.close());

  it("removes reports of pushes that nobody registered, long after they have expired", async () => {
    const reports = [{ ...app, trackingToken: token(1), openedMs: startMs, receivedTimeMs: startMs }];
    await fixture.tracking.reportPushes({ reports });
    const maintenance = createMaintenance(fixture.context);
    const held = () => fixture.context.pushes.expired({ lastReceiptBeforeMs: Number.MAX_SAFE_INTEGER, limit: 9 });
    fixture.clock.advance(HOLD_MS + 600_000);
    await maintenance.sweep();
    expect(await held()).toHaveLength(1);
    fixture.clock.advance(1);
    await maintenance.sweep();
    expect(await held()).toHaveLength(0);
  });

  it("tells the device service of refused tokens that it could not be told of", async () => {
    fixture.outage = true;
    await fixture.push.registerPushes({
      ...app,
      pushes: [{ trackingToken: token(1), appUserId: "ada", deviceToken: "phone", sentTime: timestampFromMs(startMs) }],
    });
    await fixture.push.reportDeliveries({ ...app, reports: [{ trackingToken: token(1), invalidToken: true }] });
    fixture.outage = false;
    fixture.clock.advance(5_001);
    const maintenance = createMaintenance(fixture.context);
    await maintenance.sweep();
    fixture.clock.advance(5_001);
    await maintenance.sweep();
    expect(fixture.told.invalidTokens.map(({ tokens }) => tokens)).toEqual([
      [{ deviceToken: "phone", receivedMs: startMs }],
    ]);
  });

  it("goes on after a failure until it is stopped", async () => {
    const stopping = new AbortController();
    const failed = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    let calls = 0;
    const pushes = {
      ...fixture.context.pushes,
      expired: async () => {
        calls += 1;
        if (calls === 1) {
          failed.resolve();
          throw new Error("the store is out");
        }
        again.resolve();
        return [];
      },
    };
    const running = createMaintenance({ ...fixture.context, pushes }).run(stopping.signal);
    await failed.promise;
    await new Promise((resolve) => setImmediate(resolve));
    fixture.clock.advance(1_000);
    await again.promise;
    stopping.abort();
    await running;
  });
});

describe("erasing a user's pushes", () => {
  it("removes what was registered before, counts it, and leaves the rest", async () => {
    const fixture = await trackingFixture();
    const register = (n: number, appUserId: string) =>
      fixture.push.registerPushes({
        ...app,
        pushes: [{ trackingToken: token(n), appUserId, deviceToken: "phone", sentTime: timestampFromMs(startMs + n) }],
      });
    for (const n of [1, 2, 3]) await register(n, "ada");
    await register(4, "bob");
    fixture.clock.advance(10);
    await register(5, "ada");
    const erase = () => fixture.tracking.erasePushes({ ...app, appUserId: "ada", registeredBeforeMs: startMs + 10 });
    expect((await erase()).erasedCount).toBe(3n);
    expect((await erase()).erasedCount).toBe(0n);
    const left = (await fixture.push.listPushes(app)).pushes.map((push) => push.trackingToken);
    expect(left).toEqual([5, 4].map(token));
    // What arrives later starts anew.
    await register(1, "carl");
    expect((await fixture.push.getPush({ ...app, trackingToken: token(1) })).push).toMatchObject({ appUserId: "carl" });
    await fixture.close();
  });
});
