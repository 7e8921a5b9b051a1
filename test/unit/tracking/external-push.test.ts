import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appKey } from "../../../services/runtime/app-key.ts";
import { applyExternalReport, type ExternalPush, externalPushToken } from "../../../services/tracking/external-push.ts";
import type { PushReport } from "../../../services/tracking/held-reports.ts";
import type { LedgerEntry } from "../../../services/tracking/push.ts";
import { parseTrackingToken } from "../../../services/tracking/push-key.ts";
import { app, startMs, trackingFixture } from "./tracking-fixture.ts";

const push: ExternalPush = { provider: "ios-apns", subscriptionId: "sub", launchId: "7", uid: "u1" };
const shop = appKey(app);

describe("the tracking token of an external sender's push", () => {
  it("is a UUID of version 8, the same every time", () => {
    const token = externalPushToken(shop, push);
    expect(token).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseTrackingToken(token)).toBe(token);
    expect(externalPushToken(shop, { ...push })).toBe(token);
  });

  it("is another one where any of its keys, or the app, is another", () => {
    const key = fc.record({
      provider: fc.string(),
      subscriptionId: fc.string(),
      launchId: fc.string(),
      uid: fc.string(),
    });
    fc.assert(
      fc.property(key, key, (a, b) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(externalPushToken(shop, a) === externalPushToken(shop, b)).toBe(isSame);
        expect(externalPushToken(appKey({ ...app, appId: "other" }), a)).not.toBe(externalPushToken(shop, a));
      }),
    );
    // What stands in one key must not run into the next.
    expect(externalPushToken(shop, { ...push, launchId: "7u", uid: "1" })).not.toBe(externalPushToken(shop, push));
  });
});

describe("an external sender's push", () => {
  const report = fc.record({
    receivedMs: fc.integer({ min: 0, max: 400 * 3_600_000 }),
    kind: fc.integer({ min: 1, max: 3 }),
  });

  function toReport({ receivedMs, kind }: { receivedMs: number; kind: number }): PushReport {
    const delivered = kind === 2 ? {} : { deliveredMs: receivedMs };
    return { receivedMs, ...delivered, ...(kind === 1 ? {} : { openedMs: receivedMs }) };
  }

  function entryAfter(reports: readonly PushReport[]) {
    const entry = reports.reduce<LedgerEntry | undefined>((e, r) => applyExternalReport(e, push, r), undefined);
    if (entry?.kind !== "registered") throw new Error("not in the ledger");
    const { sentMs, registeredMs, deliveredMs, openedMs, appUserId, deviceToken, senderIds } = entry;
    return { sentMs, registeredMs, deliveredMs, openedMs, appUserId, deviceToken, senderIds };
  }

  it("is the same whatever order its reports arrive in and however often", () => {
    const reports = fc.array(report, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(reports, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (sent, picks) => {
        const all = sent.map(toReport);
        const again = picks.map((pick) => all[pick % all.length]!);
        const shuffled = [...again, ...all.toReversed()];
        expect(entryAfter(shuffled)).toEqual(entryAfter(all));
      }),
    );
  });

  it("was sent at its least report at the latest, opened and delivered at the least of those", () => {
    const reports = [
      { receivedMs: 30, openedMs: 30 },
      { receivedMs: 10, deliveredMs: 10 },
      { receivedMs: 20, openedMs: 20, deliveredMs: 20 },
    ];
    expect(entryAfter(reports)).toMatchObject({
      sentMs: 10,
      deliveredMs: 10,
      openedMs: 20,
      appUserId: "",
      deviceToken: "sub",
    });
  });

  it("stays as it is where a report adds nothing", () => {
    const first = applyExternalReport(undefined, push, { receivedMs: 10, openedMs: 10 });
    expect(applyExternalReport(first, push, { receivedMs: 20, deliveredMs: 20 })).toBe(first);
  });
});

describe("reports about an external sender's push", () => {
  it("show in the ledger as one push, in any order, from any process, by app", async () => {
    const { tracking, push: service, other, close } = await trackingFixture();
    const report = { ...app, externalPush: push };
    const later = { ...report, receivedTimeMs: startMs + 5, openedMs: startMs + 5 };
    const earlier = { ...report, receivedTimeMs: startMs, deliveredMs: startMs };
    await Promise.all([
      tracking.reportPushes({ reports: [later, { ...later, appId: "other" }] }),
      other.tracking.reportPushes({ reports: [earlier, earlier] }),
    ]);
    await tracking.reportPushes({ reports: [later] });
    const { pushes } = await service.listPushes({ ...app, deviceToken: "sub" });
    expect(pushes).toHaveLength(1);
    const trackingToken = externalPushToken(shop, push);
    expect(pushes[0]).toMatchObject({
      trackingToken,
      appUserId: "",
      deviceToken: "sub",
      state: "opened",
      senderIds: { provider: "ios-apns", subscription_id: "sub", launch_id: "7", uid: "u1" },
      sentTime: { seconds: BigInt(startMs / 1000), nanos: 0 },
      deliveredTime: { seconds: BigInt(startMs / 1000), nanos: 0 },
      openedTime: { seconds: BigInt(startMs / 1000), nanos: 5_000_000 },
    });
    expect((await service.getPush({ ...app, trackingToken })).push).toEqual(pushes[0]);
    expect(await service.getPushStats({ ...app, senderIdName: "launch_id", senderId: "7" })).toMatchObject({
      sent: 1,
      delivered: 1,
      opened: 1,
    });
    await close();
  });

  it("need a token or the sender's keys", async () => {
    const { tracking, close } = await trackingFixture();
    await expect(tracking.reportPushes({ reports: [{ ...app, receivedTimeMs: startMs }] })).rejects.toThrow(
      "trackingToken",
    );
    await close();
  });
});
