import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CarillonProcess, type Json, startCarillon } from "./carillon-process.ts";
import { ago, DEVICES, newApp, PUSHES, pages, RFC3339, refusal } from "./test-app.ts";

let carillon: CarillonProcess;

beforeAll(async () => {
  carillon = await startCarillon();
});
afterAll(() => carillon.stop());

describe("devices", () => {
  it("have the fields that outside checks read, by any of their tokens", async () => {
    const { send, ask, call, tenantId, apiKey } = await newApp(carillon);
    await send({ app_user_id: "u1" });
    const pair = { tenant_id: tenantId, api_key: apiKey, old_token: "d1", new_token: "d2" };
    expect((await carillon.post("/devices/refresh-token", pair)).status).toBe(200);
    const device = {
      deviceToken: "d2",
      tokens: ["d1", "d2"],
      ownerAppUserId: "u1",
      platform: "android",
      pushPermissionGranted: true,
      timezone: "Asia/Kolkata",
      language: "tr",
      country: "TR",
      deliverable: true,
    };
    for (const deviceToken of ["d1", "d2"]) {
      const answer = (await ask(`${DEVICES}/GetDevice`, { deviceToken })) as { device: Json & { tokens: string[] } };
      expect({ ...answer.device, tokens: answer.device.tokens.toSorted() }).toEqual(device);
    }
    expect(refusal(await call(`${DEVICES}/GetDevice`, { deviceToken: "d9" }))).toEqual([404, "not_found"]);
  });

  it("are listed by owner and by whether a push reaches them, page by page", async () => {
    const app = await newApp(carillon);
    for (let i = 0; i < 6; i += 1) {
      const permission = { push_permission_granted: i % 2 === 0 };
      await app.send({ ...permission, app_user_id: i < 4 ? "u1" : "u2", device_token: `d${i}`, session_id: `s${i}` });
    }
    const tokens = async (filter: Json) => {
      const devices = await pages(app, `${DEVICES}/ListDevices`, { field: "devices", pageSize: 2, ...filter });
      return devices.map(({ deviceToken }) => deviceToken).sort();
    };
    expect(await tokens({})).toEqual(["d0", "d1", "d2", "d3", "d4", "d5"]);
    expect(await tokens({ ownerAppUserId: "u1" })).toEqual(["d0", "d1", "d2", "d3"]);
    expect(await tokens({ ownerAppUserId: "u1", deliverable: true })).toEqual(["d0", "d2"]);
    expect(await tokens({ deliverable: false })).toEqual(["d1", "d3", "d5"]);
  });

  it("explain why a push reaches them or not, with the event that decided", async () => {
    const { send, ask } = await newApp(carillon);
    const fingerprint = await send({ app_user_id: "u1", push_permission_granted: false });
    const { explanations } = (await ask(`${DEVICES}/ExplainDelivery`, { deviceToken: "d1" })) as {
      explanations: { deliverable?: boolean; checks: { passed?: boolean; fingerprint?: string }[] }[];
    };
    expect(explanations[0]?.deliverable ?? false).toBe(false);
    expect(explanations[0]?.checks.find(({ passed }) => passed !== true)?.fingerprint).toBe(fingerprint);
  });
});

describe("pushes", () => {
  const sentTime = ago(30 * 60_000);

  it("have the fields that outside checks read, and move from sent to delivered to opened", async () => {
    const app = await newApp(carillon);
    const { send, ask, tenantId, apiKey } = app;
    await send({ app_user_id: "u1" });
    const registration = { appUserId: "u1", deviceToken: "d1", sentTime, senderIds: { campaign: "autumn" } };
    const { pushes } = (await ask(`${PUSHES}/RegisterPushes`, { pushes: [registration] })) as { pushes: Json[] };
    const trackingToken = pushes[0]?.trackingToken as string;
    expect(trackingToken).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const push = { ...registration, trackingToken };
    const read = async () => (await ask(`${PUSHES}/GetPush`, { trackingToken })).push;
    expect(await read()).toEqual({ ...push, state: "sent" });
    const deliveredTime = ago(20 * 60_000);
    expect(await ask(`${PUSHES}/ReportDeliveries`, { reports: [{ trackingToken, deliveredTime }] })).toEqual({});
    expect(await read()).toEqual({ ...push, state: "delivered", deliveredTime });
    const opened = { tenant_id: tenantId, api_key: apiKey, tracking_token: trackingToken };
    expect((await carillon.post("/pushes/opened", opened)).status).toBe(200);
    expect(await read()).toEqual({
      ...push,
      state: "opened",
      deliveredTime,
      openedTime: expect.stringMatching(RFC3339),
    });
    expect(await ask(`${PUSHES}/GetPushStats`)).toEqual({ sent: 1, delivered: 1, opened: 1, openRate: 1 });
  });

  it("are registered again with the same answer, and not with other content", async () => {
    const { ask, call } = await newApp(carillon);
    const push = { trackingToken: randomUUID(), appUserId: "u1", deviceToken: "d1", sentTime };
    const answer = { pushes: [{ trackingToken: push.trackingToken }] };
    for (let i = 0; i < 2; i += 1) expect(await ask(`${PUSHES}/RegisterPushes`, { pushes: [push] })).toEqual(answer);
    const other = { pushes: [{ ...push, appUserId: "u2" }] };
    expect(refusal(await call(`${PUSHES}/RegisterPushes`, other))).toEqual([409, "already_exists"]);
    const malformed = { pushes: [{ ...push, trackingToken: "no UUID" }] };
    expect(refusal(await call(`${PUSHES}/RegisterPushes`, malformed))).toEqual([400, "invalid_argument"]);
    const missing = { trackingToken: randomUUID() };
    expect(refusal(await call(`${PUSHES}/GetPush`, missing))).toEqual([404, "not_found"]);
  });

  it("are listed latest first, by user and by device, and keep their places while others are sent", async () => {
    const app = await newApp(carillon);
    const pushes = Array.from({ length: 6 }, (_, i) => ({
      trackingToken: randomUUID(),
      appUserId: `u${i % 2}`,
      deviceToken: `d${i % 3}`,
      sentTime: ago((i + 1) * 60_000),
    }));
    await app.ask(`${PUSHES}/RegisterPushes`, { pushes });
    const first = (await app.ask(`${PUSHES}/ListPushes`, { pageSize: 4 })) as { pushes: Json[]; nextPageToken: string };
    const late = { appUserId: "u1", deviceToken: "d1", sentTime: ago(0) };
    await app.ask(`${PUSHES}/RegisterPushes`, { pushes: [late] });
    const { nextPageToken: pageToken } = first;
    const second = (await app.ask(`${PUSHES}/ListPushes`, { pageSize: 4, pageToken })) as { pushes: Json[] };
    const tokens = [...first.pushes, ...second.pushes].map(({ trackingToken }) => trackingToken);
    expect(tokens).toEqual(pushes.map(({ trackingToken }) => trackingToken));
    const filter = { appUserId: "u0", deviceToken: "d0" };
    const some = (await app.ask(`${PUSHES}/ListPushes`, filter)) as { pushes: Json[] };
    expect(some.pushes.map(({ trackingToken }) => trackingToken)).toEqual([pushes[0]!.trackingToken]);
  });
});
