import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventKind } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { WHOLE_DEVICE } from "../../../services/ingestion/verify/survey-device.ts";
import { newApp } from "../app-calls.ts";
import { corruptions, device, user } from "./corruptions.ts";
import { furnish } from "./furnish.ts";
import { pausingClock, startVerifiedSystem, type VerifiedSystem } from "./verification.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;
const hour = 60 * minute;

describe("carillon verify", () => {
  const clock = pausingClock(start + hour);
  let verified: VerifiedSystem;
  beforeAll(async () => {
    verified = await startVerifiedSystem(clock);
  });
  afterAll(() => verified.stop());

  test("finds nothing where everything follows from what was accepted, an erasure included", async () => {
    const shop = newApp(verified.system);
    await furnish(shop, verified.system);
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
    await verified.system.profiles.eraseProfile({ ...shop.app, appUserId: "ann" });
    const { differences, pending, summary } = await verified.verify(shop.app);
    expect({ differences, pending }).toEqual({ differences: [], pending: [] });
    expect(Number(summary.checked)).toBeGreaterThan(8);
    await verified.system.profiles.eraseProfile({ ...shop.app, appUserId: "anon:phone" });
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
  });

  test.each(corruptions)("finds $what, mends it, and finds nothing any more", async ({ found, corrupt }) => {
    const shop = newApp(verified.system);
    const ids = await furnish(shop, verified.system);
    const before = await shop.state();
    expect(await verified.corrupt(...corrupt(shop, ids))).toBeGreaterThan(0);

    expect(await verified.verify(shop.app)).toMatchObject({ differences: found, pending: [] });
    const { differences, summary } = await verified.verify(shop.app, true);
    // What is mended on the way may mend the rest.
    expect(found).toEqual(expect.arrayContaining(differences));
    expect(summary).toMatchObject({ repaired: true, remaining: 0 });
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
    expect(await shop.state()).toEqual(before);
  });

  test("finds an event that names a user, and belongs to another", async () => {
    const shop = newApp(verified.system);
    const sent = { ...shop.event({ atMs: start, device: "phone", user: "ann" }), kind: EventKind.USER };
    const event = { ...sent, deviceKey: "", deviceToken: "", platform: "", timezone: "", language: "", country: "" };
    await verified.system.ingestion.ingestEvents({ events: [event] });
    const steal = "UPDATE events SET app_user_id = 'bob' WHERE fingerprint = unhex(?)";
    await verified.corrupt("ingestion", steal, event.fingerprint);
    const { differences } = await verified.verify(shop.app);
    expect(differences).toEqual(["event attribution", "profile profile", "profile profile"]);
    await verified.verify(shop.app, true);
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
    expect(await shop.profiles()).toEqual(["ann"]);
  });

  test("tells what is on its way as pending, and what has been for too long as a difference", async () => {
    const shop = newApp(verified.system);
    const ids = await furnish(shop, verified.system);
    const since = "UPDATE events SET pending_since = CAST(? AS INTEGER) WHERE fingerprint = unhex(?)";
    await verified.corrupt("ingestion", since, String(clock.now()), ids.past1!);
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: ["event effects"] });
    clock.advance(minute + 1);
    expect(await verified.verify(shop.app)).toMatchObject({ differences: ["overdue effects"], pending: [] });
    await verified.system.sweep();
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
  });

  test("looks up what a device has too much of to be held in memory", { timeout: 60_000 }, async () => {
    const shop = newApp(verified.system);
    const BATCH = 250;
    for (let from = 0; from < WHOLE_DEVICE + BATCH; from += BATCH) {
      const events = Array.from({ length: BATCH }, (_, n) =>
        shop.event({ atMs: start + from + n, device: "busy", user: (from + n) % 1_000 === 999 ? "ann" : "" }),
      );
      await verified.system.ingestion.ingestEvents({ events });
    }
    await shop.push({ atMs: start + 1, device: "busy" });
    const { fingerprint } = shop.event({ atMs: start + 1_500, device: "busy" });
    const [first] = await shop.merges();
    expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
    const steal = "UPDATE events SET app_user_id = 'eve' WHERE fingerprint = unhex(?)";
    await verified.corrupt("ingestion", steal, fingerprint);
    await verified.corrupt("identity", "DELETE FROM merges WHERE key = ?", user(shop, first!.fingerprint));
    const forget = "UPDATE devices SET value = json_set(value, '$.device.latest', NULL) WHERE key = ?";
    await verified.corrupt("device", forget, device(shop, "busy"));
    expect(await verified.verify(shop.app, true)).toMatchObject({
      differences: ["device index", "device latest", "event attribution", "journal entry"],
      summary: { remaining: 0 },
    });
  });
});
