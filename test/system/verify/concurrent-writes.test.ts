import { afterAll, beforeAll, expect, test } from "vitest";
import { randomOf } from "../../simulation/random.ts";
import { type AppCalls, newApp } from "../app-calls.ts";
import { pausingClock, startVerifiedSystem, type VerifiedSystem } from "./verification.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;
const WRITERS = 6;
const WRITES = 60;

const clock = pausingClock(start + 60 * minute);
let verified: VerifiedSystem;
beforeAll(async () => {
  verified = await startVerifiedSystem(clock);
});
afterAll(() => verified.stop());

/** Who pauses while others write, until one of them has written something. */
let onWritten: (() => void)[] = [];

function written(): void {
  const waiting = onWritten;
  onWritten = [];
  for (const go of waiting) go();
}

/** Runs writers; pauses are as long as a write takes. */
async function whileWriting(writers: readonly Promise<void>[], look: () => Promise<void>): Promise<void> {
  const usual = clock.pause;
  clock.pause = () => new Promise((resolve) => onWritten.push(resolve));
  let isWriting = true;
  let isLooking = true;
  const writing = Promise.all(writers).finally(() => {
    isWriting = false;
    clock.pause = usual;
    written();
  });
  // The last look may be under way for longer than the writers are; what they left undone is not to become overdue in it.
  const sweeping = (async () => {
    for (; isLooking; await clock.pause()) await sweep().catch(refused);
  })();
  try {
    while (isWriting) await look();
  } finally {
    isLooking = false;
    await sweeping;
    await writing;
  }
}

/** Writes one thing after another: few devices and users, so that much of it meets. */
async function write(shop: AppCalls, seed: number): Promise<void> {
  const { system } = verified;
  const random = randomOf(seed);
  for (let n = 0; n < WRITES; n++) {
    const device = random.pick(["phone", "pad", "watch"]);
    const user = random.pick(["ann", "bob"]);
    const atMs = start + random.below(60 * minute);
    const receivedMs = clock.now();
    const draw = random.below(100);
    if (draw < 45) await shop.ingest({ atMs, receivedMs, device });
    else if (draw < 65)
      await shop.ingest({ atMs, receivedMs, device, user, name: random.pick(["seen", "logged_out"]) });
    else if (draw < 80) await shop.ingest({ atMs, receivedMs, device, byHash: true });
    else if (draw < 90) await shop.push({ atMs, device });
    else if (draw < 93) await shop.refresh("phone", random.pick(["pad", "new"]), clock.now()).catch(refused);
    else if (draw < 98) {
      const pair = { ...shop.app, deviceToken: device, appUserId: user };
      const change = random.chance(0.5) ? system.profiles.unlinkDevice(pair) : system.profiles.relinkDevice(pair);
      await change.catch(refused);
    } else await system.profiles.eraseProfile({ ...shop.app, appUserId: user }).catch(refused);
    written();
  }
}

/** A device that nothing made known yet, or another user's, or one that kept changing. */
function refused(error: unknown): void {
  expect(String(error)).toMatch(/not_found|already_exists|failed_precondition|unavailable|internal|kept changing/);
}

/** After a sweep nothing is outstanding. */
async function isCalm(shop: AppCalls): Promise<void> {
  clock.advance(20_000);
  await sweep();
  expect(await verified.verify(shop.app)).toMatchObject({ differences: [], pending: [] });
}

/** What ingestion and tracking do by themselves. */
async function sweep(): Promise<void> {
  await verified.system.sweepPushes();
  await verified.system.sweep();
}

test.each([1, 2, 3])("finds no difference while others write, seed %i", { timeout: 60_000 }, async (seed) => {
  const shop = newApp(verified.system);
  const writers = Array.from({ length: WRITERS }, (_, n) => write(shop, seed * 100 + n));
  await whileWriting(writers, async () => {
    expect((await verified.verify(shop.app)).differences).toEqual([]);
  });
  await isCalm(shop);
});

test("mends while others write, and takes nothing away from what they write", { timeout: 60_000 }, async () => {
  const shop = newApp(verified.system);
  await shop.ingest({ atMs: start, device: "phone" }, { atMs: start + 1, device: "phone", user: "ann" });
  const setKnown = "UPDATE devices SET value = json_set(value, '$.device.latestIdentified', NULL)";
  await whileWriting([write(shop, 7)], async () => {
    const ofApp = `${shop.app.tenantId}/${shop.app.appId}/%`;
    await verified.corrupt(
      "device",
      `${setKnown} WHERE key LIKE ? AND json_extract(value, '$.kind') = 'device'`,
      ofApp,
    );
    await verified.verify(shop.app, true);
  });
  await verified.verify(shop.app, true);
  await isCalm(shop);
});
