import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CarillonProcess, type Json, startCarillon } from "./carillon-process.ts";
import { ago, EVENTS, HOUR, newApp, PROFILES, pages, RFC3339, refusal } from "./test-app.ts";

let carillon: CarillonProcess;

beforeAll(async () => {
  carillon = await startCarillon();
});
afterAll(() => carillon.stop());

describe("events", () => {
  it("have the fields that outside checks read", async () => {
    const { send, ask } = await newApp(carillon);
    const params = { price: 12.5, "a.b": [1, null, { $c: true }], nested: {} };
    const eventTime = `${ago(HOUR).slice(0, 19)}.123456789Z`;
    const fingerprint = await send({ app_user_id: "u1", event_time: eventTime, params, context: { app: "1.2" } });
    const { event } = (await ask(`${EVENTS}/GetEvent`, { fingerprint })) as { event: Json };
    expect(event).toMatchObject({
      fingerprint,
      appUserId: "u1",
      sentAppUserId: "u1",
      eventName: "product_viewed",
      eventTime,
      effectiveTime: `${eventTime.slice(0, 23)}Z`,
      receivedTime: expect.stringMatching(RFC3339),
      deviceToken: "d1",
      platform: "android",
      pushPermissionGranted: true,
      timezone: "Asia/Kolkata",
      language: "tr",
      country: "TR",
      sessionId: "s1",
      params,
      context: { app: "1.2" },
    });
    expect((await ask(`${EVENTS}/ListEvents`)).events).toEqual([event]);
    expect(event.flags ?? []).toEqual([]);
  });

  it("are flagged late and skewed_future, and keep whom their sender named beside whom they belong to", async () => {
    const { send, ask } = await newApp(carillon);
    await send({ event_time: ago(40 * 24 * HOUR), event_name: "late" });
    await send({ event_time: ago(-2 * HOUR), event_name: "skewed" });
    await send({ event_name: "anonymous" });
    const { events } = (await ask(`${EVENTS}/ListEvents`)) as { events: Json[] };
    const byName = Object.fromEntries(events.map((event) => [event.eventName, event]));
    expect(byName.late).toMatchObject({ flags: ["late"], appUserId: "anon:d1" });
    expect(byName.skewed).toMatchObject({ flags: ["skewed_future"], effectiveTime: byName.skewed!.receivedTime });
    expect(byName.anonymous!.sentAppUserId ?? "").toBe("");
  });

  it("are filtered by user, device, name and time, latest first", async () => {
    const { send, ask } = await newApp(carillon);
    for (const [i, hours] of [4, 3, 2, 1].entries()) {
      const fields = { app_user_id: `u${i % 2}`, device_token: `d${i % 2}`, event_name: `n${i}` };
      await send({ ...fields, event_time: ago(hours * HOUR) });
    }
    const names = async (filter: Json) => {
      const { events = [] } = (await ask(`${EVENTS}/ListEvents`, filter)) as { events?: Json[] };
      return events.map(({ eventName }) => eventName);
    };
    expect(await names({})).toEqual(["n3", "n2", "n1", "n0"]);
    expect(await names({ appUserId: "u1" })).toEqual(["n3", "n1"]);
    expect(await names({ deviceToken: "d0" })).toEqual(["n2", "n0"]);
    expect(await names({ eventName: "n2" })).toEqual(["n2"]);
    expect(await names({ startTime: ago(3 * HOUR), endTime: ago(HOUR) })).toEqual(["n2", "n1"]);
    expect(await names({ appUserId: "u1", eventName: "n0" })).toEqual([]);
  });

  it("are found by the anon: id of any of their device's tokens, whoever is behind it by now", async () => {
    const { send, refresh, ask } = await newApp(carillon);
    await send({ event_name: "n0", event_time: ago(3 * HOUR) });
    await send({ event_name: "n1", event_time: ago(2 * HOUR) });
    await refresh({ old_token: "d1", new_token: "d2" });
    const listed = async (appUserId: string) => {
      const { events = [] } = (await ask(`${EVENTS}/ListEvents`, { appUserId })) as { events?: Json[] };
      return events.map(({ eventName, appUserId: user }) => [eventName, user]);
    };
    for (const id of ["anon:d1", "anon:d2"]) {
      expect(await listed(id)).toEqual([
        ["n1", "anon:d1"],
        ["n0", "anon:d1"],
      ]);
    }
    await send({ event_name: "n2", app_user_id: "u1", device_token: "d2" });
    for (const id of ["u1", "anon:d1", "anon:d2"]) {
      expect(await listed(id)).toEqual([
        ["n2", "u1"],
        ["n1", "u1"],
        ["n0", "u1"],
      ]);
    }
    expect(await listed("anon:unknown")).toEqual([]);
  });

  it("keep their places on the pages while others arrive", async () => {
    const app = await newApp(carillon);
    for (let i = 0; i < 10; i += 1) await app.send({ event_time: ago((i + 1) * 60_000), session_id: `s${i}` });
    const first = (await app.ask(`${EVENTS}/ListEvents`, { pageSize: 4 })) as { events: Json[]; nextPageToken: string };
    for (let i = 0; i < 3; i += 1) await app.send({ event_time: ago(i * 1_000), session_id: `new${i}` });
    const request = { pageSize: 4, pageToken: first.nextPageToken };
    const second = (await app.ask(`${EVENTS}/ListEvents`, request)) as { events: Json[]; nextPageToken: string };
    const third = await app.ask(`${EVENTS}/ListEvents`, { pageSize: 4, pageToken: second.nextPageToken });
    const sessions = [...first.events, ...second.events, ...(third.events as Json[])].map(({ sessionId }) => sessionId);
    expect(sessions).toEqual(Array.from({ length: 10 }, (_, i) => `s${i}`));
    expect(third.nextPageToken ?? "").toBe("");
    const foreign = { ...request, eventName: "another list" };
    expect(refusal(await app.call(`${EVENTS}/ListEvents`, foreign))).toEqual([400, "invalid_argument"]);
  });

  it("that do not exist are not found", async () => {
    const { call } = await newApp(carillon);
    expect(refusal(await call(`${EVENTS}/GetEvent`, { fingerprint: "0".repeat(64) }))).toEqual([404, "not_found"]);
    expect(refusal(await call(`${EVENTS}/GetEvent`, { fingerprint: "x" }))).toEqual([400, "invalid_argument"]);
  });

  it("register their names, beside the system's", async () => {
    const app = await newApp(carillon);
    await app.send({ event_name: "shelf_dusted", params: { shelf: 1 } });
    await app.send({ event_name: "shelf_dusted", params: { shelf: "two" }, event_time: ago(2 * HOUR) });
    const definitions = await pages(app, `${EVENTS}/ListEventDefinitions`, { field: "eventDefinitions", pageSize: 7 });
    const custom = definitions.find(({ eventName }) => eventName === "shelf_dusted");
    expect(custom).toMatchObject({
      category: "Custom",
      firstSeenTime: ago(2 * HOUR),
      lastSeenTime: ago(HOUR),
      eventCount: 2,
    });
    const [parameter] = custom!.parameters as [{ name: string; types: string[] }];
    expect([parameter.name, parameter.types.toSorted()]).toEqual(["shelf", ["number", "string"]]);
    expect(definitions.filter(({ system }) => system === true)).toHaveLength(65);
  });
});

describe("profiles", () => {
  it("have the fields that outside checks read, and are found by their anon: ids", async () => {
    const { send, ask, call } = await newApp(carillon);
    await send({ event_time: ago(2 * HOUR) });
    const { profile: anonymous } = (await ask(`${PROFILES}/GetProfile`, { appUserId: "anon:d1" })) as { profile: Json };
    expect(anonymous).toMatchObject({ appUserId: "anon:d1", anonymous: true });
    await send({ app_user_id: "u1" });
    const profile = {
      appUserId: "u1",
      firstSeenTime: ago(2 * HOUR),
      lastSeenTime: ago(HOUR),
      language: "tr",
      country: "TR",
      timezone: "Asia/Kolkata",
      platform: "android",
    };
    for (const appUserId of ["u1", "anon:d1"]) {
      expect((await ask(`${PROFILES}/GetProfile`, { appUserId })).profile).toEqual(profile);
    }
    expect((await ask(`${PROFILES}/ListProfiles`)).profiles).toEqual([profile]);
    expect(refusal(await call(`${PROFILES}/GetProfile`, { appUserId: "u2" }))).toEqual([404, "not_found"]);
    expect(refusal(await call(`${PROFILES}/GetProfile`))).toEqual([400, "invalid_argument"]);
  });

  it("are listed page by page while others come", async () => {
    const app = await newApp(carillon);
    for (let i = 0; i < 5; i += 1) await app.send({ app_user_id: `u${i}`, device_token: `d${i}` });
    const first = (await app.ask(`${PROFILES}/ListProfiles`, { pageSize: 2 })) as {
      profiles: Json[];
      nextPageToken: string;
    };
    for (const id of ["u0a", "u9"]) await app.send({ app_user_id: id, device_token: id });
    const { nextPageToken: pageToken } = first;
    const rest = (await app.ask(`${PROFILES}/ListProfiles`, { pageSize: 1_000, pageToken })) as { profiles: Json[] };
    const ids = [...first.profiles, ...rest.profiles].map(({ appUserId }) => appUserId);
    expect(ids).toEqual(expect.arrayContaining(["u0", "u1", "u2", "u3", "u4"]));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("have a merge journal, can be unlinked from a device and linked again, and erased", async () => {
    const { send, ask, call } = await newApp(carillon);
    const anonymous = await send({ event_time: ago(2 * HOUR) });
    const login = await send({ app_user_id: "u1" });
    const { merges } = (await ask(`${PROFILES}/ListMerges`)) as { merges: Json[] };
    expect(merges).toMatchObject([
      { deviceToken: "d1", fromAppUserId: "anon:d1", toAppUserId: "u1", fingerprint: login, eventCount: 1 },
    ]);
    expect(merges[0]!.time).toMatch(RFC3339);
    const owner = async () => ((await ask(`${EVENTS}/GetEvent`, { fingerprint: anonymous })).event as Json).appUserId;
    const pair = { deviceToken: "d1", appUserId: "u1" };
    expect(await ask(`${PROFILES}/UnlinkDevice`, pair)).toEqual({});
    expect(await owner()).toBe("anon:d1");
    expect(await ask(`${PROFILES}/RelinkDevice`, pair)).toEqual({});
    expect(await owner()).toBe("u1");
    const unknown = { ...pair, deviceToken: "d9" };
    expect(refusal(await call(`${PROFILES}/UnlinkDevice`, unknown))).toEqual([404, "not_found"]);
    expect(await ask(`${PROFILES}/EraseProfile`, { appUserId: "u1" })).toEqual({
      eventCount: 2,
      mergeCount: 1,
      deviceCount: 1,
    });
    expect((await ask(`${EVENTS}/ListEvents`)).events ?? []).toEqual([]);
    expect(refusal(await call(`${PROFILES}/GetProfile`, { appUserId: "u1" }))).toEqual([404, "not_found"]);
  });
});
