import { inspect } from "node:util";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newApp } from "./app-calls.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;

describe("erasing a profile", () => {
  const clock = virtualClock(start + 60 * minute);
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ clock });
  });
  afterAll(() => system.stop());

  /** Lets the look at what was on its way come and go. */
  async function afterwards(): Promise<void> {
    clock.advance(10_001);
    await system.sweep();
  }

  test("removes events, pushes, journal entries and ownership, counts them, and leaves the others theirs", async () => {
    const shop = newApp(system);
    const [before] = await shop.ingest({ atMs: start, device: "phone", user: "ann" });
    const left = await shop.state();
    await shop.ingest(
      { atMs: start + minute, device: "phone" },
      { atMs: start + 2 * minute, device: "phone", user: "bob" },
      { atMs: start + 3 * minute, device: "phone", byHash: true },
      { atMs: start, device: "pad", user: "bob" },
    );
    await shop.push({ atMs: start + minute, device: "phone" });
    await shop.push({ atMs: start + minute, device: "phone", user: "bob" });

    const { $typeName: _, ...counts } = await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    expect(counts).toEqual({ eventCount: 4, pushCount: 2, mergeCount: 1, deviceCount: 2 });
    for (const _ of ["at once", "and later"]) {
      const state = await shop.state();
      expect(inspect(state, { depth: null })).not.toContain("bob");
      expect(state).toMatchObject({ events: [{ fingerprint: before, appUserId: "ann" }], merges: [], pushes: [] });
      expect(state.profiles).toEqual(left.profiles);
      expect(state.devices).toMatchObject([{ deviceToken: "phone", ownerAppUserId: "" }]);
      await expect(shop.owner("pad")).rejects.toMatchObject({ code: Code.NotFound });
      await afterwards();
    }
  });

  test("gives the device to nobody until a newer device event arrives", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start, device: "phone", user: "ann" });
    await shop.ingest({ atMs: start + 5 * minute, device: "phone", user: "bob" });
    await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    await shop.ingest({ atMs: start + 4 * minute, device: "phone", user: "ann" });
    expect(await shop.owner("phone")).toBe("");
    const hashes = [start + 4 * minute + 1, start + 6 * minute].map((atMs) => ({
      atMs,
      device: "phone",
      byHash: true,
    }));
    const [between, after] = await shop.ingest(...hashes);
    const belongs = { [between!]: "ann", [after!]: "anon:phone" };
    expect(await shop.attributions()).toMatchObject(belongs);
    await system.profiles.unlinkDevice({ ...shop.app, deviceToken: "phone", appUserId: "cid" });
    expect(await shop.attributions()).toMatchObject(belongs);
    await afterwards();
    await shop.ingest({ atMs: start + 10 * minute, device: "phone" });
    expect(await shop.owner("phone")).toBe("");
    await shop.ingest({ atMs: start + 11 * minute, device: "phone", user: "ann" });
    expect(await shop.owner("phone")).toBe("ann");
  });

  test("lets what arrives later start anew, the same events included", async () => {
    const shop = newApp(system);
    const login = { atMs: start + minute, device: "phone", user: "bob" };
    const past = { atMs: start, device: "phone" };
    await shop.ingest(past, login);
    const { devices, profiles } = await shop.state();
    await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    clock.advance(1);
    const again = { receivedMs: clock.now() };
    await shop.ingest({ ...past, ...again }, { ...login, ...again });
    for (const _ of ["at once", "and later"]) {
      expect(await shop.state()).toMatchObject({ devices, profiles, merges: [{ toAppUserId: "bob", eventCount: 1 }] });
      await afterwards();
    }
  });

  test("leaves what the same user takes who comes back, though it is older than the erasure", async () => {
    const shop = newApp(system);
    const before = { receivedMs: clock.now() - 60_000 };
    await shop.ingest({ atMs: start, device: "phone", user: "bob", ...before });
    const [past] = await shop.ingest({ atMs: start + minute, device: "phone", ...before });
    const push = await shop.push({ atMs: start + minute, device: "phone" });
    clock.advance(60_000);
    await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    clock.advance(1);
    await shop.ingest({ atMs: start + 2 * minute, device: "phone", user: "bob", receivedMs: clock.now() });
    for (const _ of ["at once", "and later"]) {
      expect(await shop.attributions()).toMatchObject({ [past!]: "bob" });
      expect(await shop.pushesOf("bob")).toEqual([push]);
      await afterwards();
    }
  });

  test("leaves what an unlinked user did not take to the next border, at once", async () => {
    const shop = newApp(system);
    const [past] = await shop.ingest({ atMs: start, device: "phone" });
    await shop.ingest({ atMs: start + minute, device: "phone", user: "ann" });
    await shop.ingest({ atMs: start + 2 * minute, device: "phone", user: "bob" });
    await system.profiles.unlinkDevice({ ...shop.app, deviceToken: "phone", appUserId: "ann" });
    expect(await shop.attributions()).toMatchObject({ [past!]: "anon:phone" });
    await system.profiles.eraseProfile({ ...shop.app, appUserId: "ann" });
    expect(await shop.attributions()).toMatchObject({ [past!]: "bob" });
    expect(await shop.merges()).toMatchObject([{ toAppUserId: "bob", eventCount: 1 }]);

    // Ann starts anew: she is linked again, and takes what the order gives her.
    clock.advance(1);
    await shop.ingest({ atMs: start + minute, device: "phone", user: "ann", receivedMs: clock.now() });
    expect(await shop.attributions()).toMatchObject({ [past!]: "ann" });
  });

  test("ends every unlinking of the user, on devices without any event of theirs too", async () => {
    const shop = newApp(system);
    const [past] = await shop.ingest({ atMs: start, device: "phone" });
    await shop.ingest({ atMs: start, device: "pad", user: "bob" });
    await system.profiles.unlinkDevice({ ...shop.app, deviceToken: "phone", appUserId: "bob" });
    await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    clock.advance(1);
    await shop.ingest({ atMs: start + minute, device: "phone", user: "bob", receivedMs: clock.now() });
    expect(await shop.attributions()).toMatchObject({ [past!]: "bob" });
  });

  test("takes along what the user is about to take", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start, device: "phone" }, { atMs: start + minute, device: "phone", user: "bob" });
    await shop.push({ atMs: start, device: "phone" });
    const pair = { ...shop.app, deviceToken: "phone", appUserId: "bob" };
    await system.profiles.unlinkDevice(pair);
    const { deviceKey } = shop.event({ atMs: start, device: "phone" });
    await system.registry.setUserLink({ ...pair, deviceKey, linked: true });
    const counts = await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    expect(counts).toMatchObject({ eventCount: 2, pushCount: 1 });
    expect(await shop.state()).toMatchObject({ events: [], profiles: [], merges: [], devices: [], pushes: [] });
  });

  test("of an anonymous id erases whoever is behind it, and asked again nobody else", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start, device: "phone", user: "ann" }, { atMs: start + minute, device: "phone" });
    const anonymous = { ...shop.app, appUserId: "anon:phone" };
    expect(await system.profiles.eraseProfile(anonymous)).toMatchObject({ eventCount: 1 });
    expect(await system.profiles.eraseProfile(anonymous)).toMatchObject({ eventCount: 1 });
    expect(await shop.profiles()).toEqual(["ann"]);
    await afterwards();
    expect(await system.profiles.eraseProfile(anonymous)).toMatchObject({ eventCount: 1 });
    expect(await shop.profiles()).toEqual([]);
    expect(await system.profiles.eraseProfile({ ...shop.app, appUserId: "anon:none" })).toMatchObject({
      eventCount: 0,
    });
  });

  test("takes late events, which make no profile", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start - 40 * 86_400_000, receivedMs: start, device: "phone", user: "bob" });
    expect(await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" })).toMatchObject({ eventCount: 1 });
    expect(await shop.attributions()).toEqual({});
  });

  test("takes back what an observation on its way said afterwards", async () => {
    const shop = newApp(system);
    const login = { atMs: start + minute, device: "phone", user: "bob" };
    await shop.ingest({ atMs: start, device: "phone", user: "ann" }, login);
    await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    const sent = shop.event(login);
    const { tenantId, appId, fingerprint, deviceKey, deviceToken } = sent;
    const attributes = { platform: "ios", pushPermissionGranted: true, timezone: "", language: "", country: "" };
    const at = { effectiveTimeMs: login.atMs, fingerprint };
    const about = { tenantId, appId, deviceKey, deviceToken, kind: 1, appUserId: "bob", attributes };
    await system.registry.observeDevices({ observations: [{ ...at, ...about }] });
    const key = { ...shop.app, appUserId: "bob" };
    await system.identity.observeProfiles({
      observations: [{ key, state: { firstSeenMs: login.atMs, lastSeenMs: login.atMs } }],
    });
    expect(await shop.owner("phone")).toBe("bob");
    expect(await shop.profiles()).toEqual(["ann", "bob"]);
    await afterwards();
    expect(await shop.owner("phone")).toBe("");
    expect(await shop.profiles()).toEqual(["ann"]);
  });

  test("of more events than a page is complete", async () => {
    const shop = newApp(system);
    const events = Array.from({ length: 600 }, (_, n) =>
      shop.event({ atMs: start + n, device: `tok${n % 3}`, user: n % 2 === 0 ? "" : "bob" }),
    );
    for (let from = 0; from < events.length; from += 200) {
      await system.ingestion.ingestEvents({ events: events.slice(from, from + 200) });
    }
    const { eventCount, deviceCount } = await system.profiles.eraseProfile({ ...shop.app, appUserId: "bob" });
    const left = Object.values(await shop.attributions());
    expect(left).not.toContain("bob");
    expect(eventCount).toBe(600 - left.length);
    expect(eventCount).toBeGreaterThan(590);
    expect(deviceCount).toBe(2);
  });
});
