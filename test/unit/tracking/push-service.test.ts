import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { app, startMs, type TrackingFixture, token, trackingFixture } from "./tracking-fixture.ts";

const hour = 3_600_000;
const spring = { campaign: "spring", $n: "" };

describe("PushService", () => {
  let fixture: TrackingFixture;
  beforeEach(async () => {
    fixture = await trackingFixture();
  });
  afterEach(() => fixture.close());

  const registration = (n: number, overrides: object = {}) => ({
    trackingToken: token(n),
    appUserId: "ada",
    deviceToken: "phone",
    sentTime: timestampFromMs(startMs),
    senderIds: spring,
    ...overrides,
  });
  const register = (...pushes: object[]) => fixture.push.registerPushes({ ...app, pushes });
  const get = async (n: number, of = app) => (await fixture.push.getPush({ ...of, trackingToken: token(n) })).push!;
  const open = (n: number, receivedTimeMs: number, of = app) =>
    fixture.tracking.reportPushes({
      reports: [{ ...of, trackingToken: token(n), openedMs: receivedTimeMs, receivedTimeMs }],
    });
  const fault = async (call: Promise<unknown>): Promise<ConnectError> => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConnectError);
    return error as ConnectError;
  };

  it("answers what was registered, in lower case and with milliseconds cut", async () => {
    const trackingToken = "ABCDEF01-FFFF-0FFF-FFFF-ABCDEFABCDEF";
    const sentTime = { seconds: -1n, nanos: 999_999_999 };
    const { pushes } = await register(registration(1, { trackingToken, sentTime }));
    expect(pushes.map((push) => push.trackingToken)).toEqual([trackingToken.toLowerCase()]);
    const { push } = await fixture.push.getPush({ ...app, trackingToken });
    expect(push).toMatchObject({ appUserId: "ada", deviceToken: "phone", state: "sent", senderIds: spring });
    expect(timestampMs(push!.sentTime!)).toBe(-1);
    expect(push).toMatchObject({ trackingToken: trackingToken.toLowerCase() });
    expect(push!.deliveredTime ?? push!.openedTime).toBeUndefined();
  });

  it("makes up a token for a push without one, a new one each time", async () => {
    const calls = [
      await register(registration(1, { trackingToken: "" })),
      await register(registration(1, { trackingToken: "" })),
    ];
    const tokens = calls.flatMap(({ pushes }) => pushes.map((push) => push.trackingToken));
    expect(new Set(tokens).size).toBe(2);
    expect(tokens[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it("answers the same again for the same content, whatever happened to the push meanwhile", async () => {
    const first = await register(registration(1));
    await open(1, startMs + 5);
    fixture.clock.advance(hour);
    expect(await register(registration(1), registration(1))).toEqual({
      ...first,
      pushes: [...first.pushes, ...first.pushes],
    });
    expect(await get(1)).toMatchObject({ state: "opened" });
  });

  it.each([
    ["user", { appUserId: "bob" }],
    ["device token", { deviceToken: "tablet" }],
    ["sent time", { sentTime: timestampFromMs(startMs + 1) }],
    ["sender's identifiers", { senderIds: { campaign: "autumn" } }],
  ])("refuses another %s under a known token, naming the token", async (_, other) => {
    await register(registration(1));
    for (const pushes of [[registration(1, other)], [registration(2), registration(2, other)]]) {
      const error = await fault(register(...pushes));
      expect(error.code).toBe(Code.AlreadyExists);
      expect(error.rawMessage).toMatch(/00000000-0000-4000-8000-00000000000[12]/);
    }
    expect(await get(1)).toMatchObject({ appUserId: "ada" });
  });

  it.each([
    ["pushes[0].trackingToken", { trackingToken: "0000" }],
    ["pushes[0].appUserId", { appUserId: "" }],
    ["pushes[0].appUserId", { appUserId: "u".repeat(257) }],
    ["pushes[0].appUserId", { appUserId: "anon:" }],
    ["pushes[0].appUserId", { appUserId: "anon:a b" }],
    ["pushes[0].appUserId", { appUserId: `anon:${"t".repeat(4_097)}` }],
    ["pushes[0].deviceToken", { deviceToken: "" }],
    ["pushes[0].deviceToken", { deviceToken: "t".repeat(4_097) }],
    ["pushes[0].deviceToken", { deviceToken: "a\u0000" }],
    ["pushes[0].sentTime", { sentTime: undefined }],
    ["pushes[0].sentTime", { sentTime: { seconds: 253_402_300_800n, nanos: 0 } }],
    ["pushes[0].senderIds", { senderIds: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ""])) }],
    ["pushes[0].senderIds", { senderIds: { a: "v".repeat(1_025) } }],
  ])("names %s when it is wrong: %o", async (field, wrong) => {
    const error = await fault(register(registration(1, wrong)));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toContain(field);
    expect(error.rawMessage.length).toBeLessThan(300);
  });

  it("counts characters, not their encoding", async () => {
    await register(registration(1, { appUserId: "\u{1f514}".repeat(256), deviceToken: "t".repeat(4_096) }));
    expect((await get(1)).appUserId).toBe("\u{1f514}".repeat(256));
  });

  it("takes 1 to 1,000 pushes a call", async () => {
    expect((await fault(register())).code).toBe(Code.InvalidArgument);
    const pushes = Array.from({ length: 1_001 }, (_, i) => registration(i));
    expect((await fault(register(...pushes))).code).toBe(Code.InvalidArgument);
    expect((await register(...pushes.slice(1))).pushes).toHaveLength(1_000);
  });

  it("finds no push that only was reported, nor another app's", async () => {
    await open(1, startMs);
    expect((await fault(get(1))).code).toBe(Code.NotFound);
    await register(registration(1));
    expect((await fault(get(1, { tenantId: "acme", appId: "other" }))).code).toBe(Code.NotFound);
  });

  it("changes nothing on another app's report, also after it registers the same token", async () => {
    const other = { tenantId: "acme", appId: "other" };
    await register(registration(1));
    await open(1, startMs, other);
    expect((await get(1)).state).toBe("sent");
    await fixture.push.registerPushes({ ...other, pushes: [registration(1)] });
    expect([(await get(1)).state, (await get(1, other)).state]).toEqual(["sent", "opened"]);
  });

  it("applies a report held for 72 hours and forgets a longer held one", async () => {
    await open(1, startMs);
    await open(2, startMs - 1);
    fixture.clock.advance(72 * hour);
    await register(registration(1), registration(2));
    expect(timestampMs((await get(1)).openedTime!)).toBe(startMs);
    expect(timestampMs((await get(1)).deliveredTime!)).toBe(startMs);
    expect((await get(2)).state).toBe("sent");
  });

  it("takes the least time of deliveries: their own, or else their receipt", async () => {
    await register(registration(1), registration(2));
    const report = (deliveredTimes: readonly (number | undefined)[]) =>
      fixture.push.reportDeliveries({
        ...app,
        reports: deliveredTimes.map((ms, i) => ({
          trackingToken: token(i + 1).toUpperCase(),
          ...(ms === undefined ? {} : { deliveredTime: timestampFromMs(ms) }),
        })),
      });
    await report([startMs + 9, undefined]);
    fixture.clock.advance(5);
    await report([startMs + 7, undefined]);
    expect(timestampMs((await get(1)).deliveredTime!)).toBe(startMs + 7);
    expect(timestampMs((await get(2)).deliveredTime!)).toBe(startMs);
    expect((await get(1)).state).toBe("delivered");
  });

  it("names what is wrong with a delivery report", async () => {
    const report = (reports: object[]) => fault(fixture.push.reportDeliveries({ ...app, reports }));
    expect((await report([])).code).toBe(Code.InvalidArgument);
    expect((await report([{ trackingToken: "x" }])).rawMessage).toContain('reports[0].trackingToken "x"');
    const both = { trackingToken: token(1), invalidToken: true, deliveredTime: timestampFromMs(1) };
    expect((await report([both])).rawMessage).toContain("reports[0]");
  });

  it("tells the device service of a refused token, which is no delivery, whenever its push is registered", async () => {
    const refuse = () =>
      fixture.push.reportDeliveries({ ...app, reports: [{ trackingToken: token(1), invalidToken: true }] });
    await refuse();
    expect(fixture.told.invalidTokens).toEqual([]);
    fixture.clock.advance(hour);
    await register(registration(1));
    expect(fixture.told.invalidTokens.map(({ tokens }) => tokens)).toEqual([
      [{ deviceToken: "phone", receivedMs: startMs }],
    ]);
    await register(registration(1));
    expect(fixture.told.invalidTokens).toHaveLength(1);
    await refuse();
    expect(fixture.told.invalidTokens[1]?.tokens).toEqual([{ deviceToken: "phone", receivedMs: startMs + hour }]);
    expect((await get(1)).state).toBe("sent");
  });

  it("pages through pushes, latest sent first, and tells where there are no more", async () => {
    const sent = [10, 30, 20, 30];
    await register(
      ...sent.map((ms, i) => registration(i, { sentTime: timestampFromMs(startMs + ms), deviceToken: `d${i % 2}` })),
    );
    const list = (query: object) => fixture.push.listPushes({ ...app, ...query });
    const first = await list({ pageSize: 2 });
    await register(registration(9, { sentTime: timestampFromMs(startMs + 99) }));
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    const pages = [first, second].map(({ pushes }) => pushes.map((push) => push.trackingToken));
    expect(pages).toEqual([
      [token(3), token(1)],
      [token(2), token(0)],
    ]);
    expect(second.nextPageToken).toBe("");
    expect((await list({ deviceToken: "d1", appUserId: "ada" })).pushes).toHaveLength(2);
    expect((await list({ appUserId: "bob" })).pushes).toHaveLength(0);
    for (const query of [{ pageSize: -1 }, { pageSize: 1_001 }, { pageToken: "?" }]) {
      expect((await fault(list(query))).code).toBe(Code.InvalidArgument);
    }
  });

  it("counts each push in every state that it has reached", async () => {
    await register(
      registration(1),
      registration(2),
      registration(3),
      registration(4, { senderIds: {}, sentTime: timestampFromMs(startMs + 50) }),
    );
    await open(1, startMs);
    await fixture.push.reportDeliveries({ ...app, reports: [{ trackingToken: token(2) }] });
    const stats = (query: object = {}) => fixture.push.getPushStats({ ...app, ...query });
    expect(await stats()).toMatchObject({ sent: 4, delivered: 2, opened: 1, openRate: 0.25 });
    const startTime = { ...timestampFromMs(startMs), nanos: 1 };
    expect(await stats({ startTime })).toMatchObject({ sent: 1, openRate: 0 });
    expect(await stats({ endTime: timestampFromMs(startMs + 50) })).toMatchObject({ sent: 3, opened: 1 });
    expect(await stats({ senderIdName: "campaign", senderId: "spring" })).toMatchObject({ sent: 3 });
    expect(await stats({ senderIdName: "$n" })).toMatchObject({ sent: 3 });
    expect(await fixture.push.getPushStats({ ...app, appId: "none" })).toMatchObject({ sent: 0, openRate: 0 });
    expect((await fault(stats({ senderId: "spring" }))).code).toBe(Code.InvalidArgument);
  });
});
