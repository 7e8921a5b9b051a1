import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newApp } from "./app-calls.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;

describe("unlinking a user from a device", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ clock: virtualClock(start + 60 * minute) });
  });
  afterAll(() => system.stop());

  test("gives what the user took to the anonymous profile, never to a later user, and relinking takes it back", async () => {
    const shop = newApp(system);
    const [past] = await shop.ingest({ atMs: start, device: "phone" });
    await shop.ingest({ atMs: start + minute, device: "phone", user: "ann" });
    await shop.ingest({ atMs: start + 2 * minute, device: "phone", user: "bob" });
    const push = await shop.push({ atMs: start, device: "phone" });
    const linked = await shop.state();
    expect((await shop.attributions())[past!]).toBe("ann");
    expect(await shop.pushesOf("ann")).toEqual([push]);

    const pair = { ...shop.app, deviceToken: "phone", appUserId: "ann" };
    for (const _ of ["once", "again"]) {
      await system.profiles.unlinkDevice(pair);
      expect((await shop.attributions())[past!]).toBe("anon:phone");
      expect(await shop.pushesOf("anon:phone")).toEqual([push]);
      expect(await shop.merges()).toEqual([]);
      expect(await shop.profiles()).toEqual(["ann", "anon:phone", "bob"]);
      expect(await shop.owner("phone")).toBe("bob");
    }
    const [later] = await shop.ingest({ atMs: start + 1, device: "phone" });
    expect((await shop.attributions())[later!]).toBe("anon:phone");
    await system.profiles.relinkDevice(pair);
    expect((await shop.attributions())[later!]).toBe("ann");

    const restored = await shop.state();
    expect(restored.events.filter(({ fingerprint }) => fingerprint !== later)).toEqual(linked.events);
    expect(restored.merges).toMatchObject([{ toAppUserId: "ann", eventCount: 2, pushCount: 1 }]);
    expect(restored.pushes).toEqual(linked.pushes);
    expect(await shop.profiles()).toEqual(["ann", "bob"]);
  });

  test("holds for every token of the device", async () => {
    const shop = newApp(system);
    const [past] = await shop.ingest({ atMs: start, device: "old" });
    await shop.ingest({ atMs: start + minute, device: "old", user: "ann" });
    await shop.refresh("old", "new", start + 2 * minute);
    await system.profiles.unlinkDevice({ ...shop.app, deviceToken: "new", appUserId: "ann" });
    expect((await shop.attributions())[past!]).toBe("anon:old");
    await system.profiles.relinkDevice({ ...shop.app, deviceToken: "old", appUserId: "ann" });
    expect((await shop.attributions())[past!]).toBe("ann");
  });

  test("needs a device that an event made known, and an identified user", async () => {
    const shop = newApp(system);
    const call = (deviceToken: string, appUserId: string) =>
      system.profiles.unlinkDevice({ ...shop.app, deviceToken, appUserId });
    await expect(call("nowhere", "ann")).rejects.toMatchObject({ code: Code.NotFound });
    await expect(
      system.profiles.relinkDevice({ ...shop.app, deviceToken: "nowhere", appUserId: "ann" }),
    ).rejects.toMatchObject({ code: Code.NotFound });
    await expect(call("", "ann")).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(call("phone", "")).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(call("phone", "anon:phone")).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});
