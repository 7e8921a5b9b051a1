import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppKey, appKey } from "../../../services/runtime/app-key.ts";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import { conflict } from "../../../services/storage/versioned-documents.ts";
import { HOLD_MS } from "../../../services/tracking/held-reports.ts";
import {
  applyReport,
  attribute,
  type LedgerEntry,
  type PushRegistration,
  register,
  settle,
} from "../../../services/tracking/push.ts";
import { type PushKey, parsePushKey } from "../../../services/tracking/push-key.ts";
import type { PushPosition, PushStore, StoredPush } from "../../../services/tracking/store.ts";
import { virtualClock } from "../../system/virtual-clock.ts";
import { describeMongodbCommands } from "./mongodb-commands.ts";
import { numberedKey as key } from "./numbered-key.ts";
import { ledgerAdapters, type OpenLedger } from "./stores.ts";

const startMs = Date.UTC(2026, 10, 1);
const base: PushRegistration = { sentAppUserId: "ada", deviceToken: "phone", sentMs: startMs, senderIds: [] };

describeMongodbCommands();

describe.each(ledgerAdapters)("the push ledger on $name", ({ open, atomicUpdates }) => {
  const clock = virtualClock(startMs);
  let ledger: OpenLedger;
  let pushes: PushStore;
  let lastApp = 0;

  beforeAll(async () => {
    ledger = await open(clock);
    pushes = ledger.pushes;
  });
  afterAll(() => ledger?.close());

  function newApp(): AppKey {
    lastApp += 1;
    return appKey({ tenantId: "acme", appId: `app${lastApp}` });
  }

  async function add(app: AppKey, n: number, registration: Partial<PushRegistration> = {}): Promise<StoredPush> {
    const push = register(undefined, { ...base, ...registration }, startMs);
    const [version] = await pushes.save([{ key: key(app, n), expectedVersion: 0, entry: push }]);
    if (typeof version !== "number") throw new Error("not new");
    return { key: key(app, n), version, push };
  }

  it("reads back byte for byte what was written", async () => {
    const app = newApp();
    const registration = {
      senderIds: [{ name: "$a.b", value: "\u{1f514} 'x' \"y\"" }],
      sentAppUserId: "ü$.",
      sentMs: -5,
    } as const;
    const stored = await add(app, 1, registration);
    const held = applyReport(undefined, { receivedMs: startMs, openedMs: startMs, invalidToken: true });
    await pushes.save([{ key: key(app, 2), expectedVersion: 0, entry: held }]);
    const loaded = await pushes.load([key(app, 1), key(app, 2), key(app, 3)]);
    expect(loaded.get(key(app, 1))).toEqual({ version: stored.version, value: stored.push });
    expect(loaded.get(key(app, 2))?.value).toEqual(held);
    expect(loaded.size).toBe(2);
  });

  it("writes an entry only if its version is the expected one, whatever becomes of others in the call", async () => {
    const app = newApp();
    const { push, version } = await add(app, 1);
    const opened = applyReport(push, { receivedMs: startMs, openedMs: startMs });
    const first = await pushes.save([
      { key: key(app, 2), expectedVersion: 7, entry: push },
      { key: key(app, 1), expectedVersion: version, entry: opened },
      { key: key(app, 3), expectedVersion: 0, entry: push },
    ]);
    expect(first).toEqual([conflict, expect.any(Number), expect.any(Number)]);
    const second = await pushes.save([
      { key: key(app, 1), expectedVersion: version, entry: push },
      { key: key(app, 3), expectedVersion: 0, entry: push },
    ]);
    expect(second).toEqual([conflict, conflict]);
    expect((await pushes.load([key(app, 1)])).get(key(app, 1))).toEqual({ version: first[1], value: opened });
  });

  it("lets exactly one of several writers of a version win", async () => {
    if (!atomicUpdates) return;
    const app = newApp();
    const { push, version } = await add(app, 1);
    const writers = Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? pushes : ledger.other));
    const results = await Promise.all(
      writers.map((store) => store.save([{ key: key(app, 1), expectedVersion: version, entry: push }])),
    );
    expect(results.flat().filter((result) => result !== conflict)).toHaveLength(1);
  });

  it("removes only the version that was named, says how many, and never uses a version again", async () => {
    const app = newApp();
    const { version } = await add(app, 1);
    expect(await pushes.remove([{ key: key(app, 1), version: version + 1 }])).toBe(0);
    expect(
      await pushes.remove([
        { key: key(app, 1), version },
        { key: key(app, 2), version },
      ]),
    ).toBe(1);
    expect((await pushes.load([key(app, 1)])).size).toBe(0);
    expect((await add(app, 1)).version).not.toBe(version);
  });

  it("lists the latest sent first, of equal times the greater token, page by page", async () => {
    const app = newApp();
    for (const [i, sentMs] of [3, 1, 2, 2, 5].entries()) await add(app, i, { sentMs });
    await add(newApp(), 0);
    await pushes.save([
      { key: key(app, 9), expectedVersion: 0, entry: applyReport(undefined, { receivedMs: startMs, openedMs: 1 }) },
    ]);
    const seen: number[] = [];
    let after: PushPosition | undefined;
    do {
      const page = await pushes.list({ app, after, limit: 2 });
      seen.push(...page.map(number));
      after = position(page.at(-1));
      // One that arrives meanwhile at the front repeats and hides nothing.
      if (seen.length === 2) await add(app, 7, { sentMs: 9 });
    } while (after !== undefined);
    expect(seen).toEqual([4, 0, 3, 2, 1]);
  });

  it("lists by attributed user and by exact device token, also by both", async () => {
    const app = newApp();
    const long = "t".repeat(4_096);
    await add(app, 1, { sentAppUserId: "ada", deviceToken: long });
    await add(app, 2, { sentAppUserId: "bob", deviceToken: long });
    await add(app, 3, { sentAppUserId: `anon:${long}`, deviceToken: "phone", sentMs: startMs + 1 });
    await add(app, 4, { sentAppUserId: "ada" });
    const list = async (query: { appUserId?: string; deviceToken?: string }) =>
      (await pushes.list({ app, ...query, limit: 10 })).map(number);
    expect(await list({ appUserId: "ada" })).toEqual([4, 1]);
    expect(await list({ appUserId: `anon:${long}` })).toEqual([3]);
    expect(await list({ deviceToken: long })).toEqual([2, 1]);
    expect(await list({ appUserId: "ada", deviceToken: "phone" })).toEqual([4]);
    expect(await list({ appUserId: "an" })).toEqual([]);
    const after = { sentMs: startMs, trackingToken: parsePushKey(key(app, 4)).trackingToken };
    expect((await pushes.list({ app, appUserId: "ada", after, limit: 10 })).map(number)).toEqual([1]);
  });

  it("finds pushes to anonymous owners by their devices in order of sent time", async () => {
    const app = newApp();
    await add(app, 1, { sentAppUserId: "anon:a", sentMs: 30 });
    await add(app, 2, { sentAppUserId: "anon:b", sentMs: 10, deviceToken: "a" });
    await add(app, 3, { sentAppUserId: "anon:a", sentMs: 20 });
    await add(app, 4, { sentAppUserId: "anon:c", sentMs: 20 });
    await add(app, 5, { sentAppUserId: "a", sentMs: 20 });
    await add(app, 6, { sentAppUserId: "anon:b", sentMs: 20 });
    const query = { app, deviceKeys: [deviceKeyOf("a"), deviceKeyOf("b")], fromMs: 10, toMs: 30, limit: 10 };
    expect((await pushes.floating(query)).map(number)).toEqual([2, 3, 6, 1]);
    expect((await pushes.floating({ ...query, fromMs: 11, toMs: 29 })).map(number)).toEqual([3, 6]);
    const page = await pushes.floating({ ...query, limit: 2 });
    expect(page.map(number)).toEqual([2, 3]);
    expect((await pushes.floating({ ...query, after: position(page.at(-1)) })).map(number)).toEqual([6, 1]);
  });

  it("tells the devices that it has floating pushes for, each once, page by page", async () => {
    const app = newApp();
    const tokens = ["a", "b", "c", "d"];
    for (const [n, token] of [...tokens, ...tokens].entries()) await add(app, n, { sentAppUserId: `anon:${token}` });
    await add(app, 9, { sentAppUserId: "ada", deviceToken: "e" });
    await add(newApp(), 1, { sentAppUserId: "anon:f" });
    const keys = tokens.map(deviceKeyOf).sort();
    expect(await pushes.floatingDeviceKeys({ app, after: "", limit: 10 })).toEqual(keys);
    expect(await pushes.floatingDeviceKeys({ app, after: keys[0]!, limit: 2 })).toEqual(keys.slice(1, 3));
    expect(await pushes.floatingDeviceKeys({ app, after: keys[3]!, limit: 2 })).toEqual([]);
  });

  it("counts pushes by the event that took them", async () => {
    const app = newApp();
    for (const n of [1, 2]) await decide(await add(app, n, { sentAppUserId: "anon:a" }), "event-1");
    await decide(await add(app, 3, { sentAppUserId: "anon:a" }), "event-2");
    await add(app, 4, { sentAppUserId: "anon:a" });
    expect(await pushes.countAttributedBy(app, ["event-2", "event-1", "event-3"])).toEqual([1, 2, 0]);
    expect((await pushes.list({ app, appUserId: "ada", limit: 9 })).map(number)).toEqual([3, 2, 1]);
    expect((await pushes.list({ app, appUserId: "anon:a", limit: 9 })).map(number)).toEqual([4]);
  });

  it("counts states by sent time and by the sender's own identifiers", async () => {
    const app = newApp();
    const spring = [
      { name: "campaign", value: "spring" },
      { name: "team", value: "x" },
    ] as const;
    const entries: LedgerEntry[] = [
      register(undefined, { ...base, sentMs: 10, senderIds: spring }, startMs),
      applyReport(register(undefined, { ...base, sentMs: 20, senderIds: spring }, startMs), {
        receivedMs: startMs,
        openedMs: 1,
      }),
      applyReport(register(undefined, { ...base, sentMs: 30 }, startMs), { receivedMs: startMs, deliveredMs: 1 }),
    ];
    await pushes.save(entries.map((entry, i) => ({ key: key(app, i), expectedVersion: 0, entry })));
    expect(await pushes.countByState({ app })).toEqual({ sent: 1, delivered: 1, opened: 1 });
    expect(await pushes.countByState({ app, startMs: 20, endMs: 30 })).toEqual({ sent: 0, delivered: 0, opened: 1 });
    const senderId = { name: "campaign", value: "spring" };
    expect(await pushes.countByState({ app, senderId })).toEqual({ sent: 1, delivered: 0, opened: 1 });
    expect(await pushes.countByState({ app, senderId, startMs: 11 })).toEqual({ sent: 0, delivered: 0, opened: 1 });
    expect(await pushes.countByState({ app, senderId: { name: "team", value: "spring" } })).toEqual({
      sent: 0,
      delivered: 0,
      opened: 0,
    });
    const stored = (await pushes.load([key(app, 1)])).get(key(app, 1))!;
    await pushes.remove([{ key: key(app, 1), version: stored.version }]);
    await add(app, 5, { sentMs: 20 });
    expect(await pushes.countByState({ app, senderId })).toEqual({ sent: 1, delivered: 0, opened: 0 });
  });

  it("finds a push whose sent time moved at its new place only", async () => {
    const app = newApp();
    const senderId = { name: "campaign", value: "spring" };
    const { version, push } = await add(app, 1, { sentMs: 20, senderIds: [senderId] });
    await add(app, 2, { sentMs: 15 });
    await pushes.save([{ key: key(app, 1), expectedVersion: version, entry: { ...push, sentMs: 10 } }]);
    expect((await pushes.list({ app, limit: 9 })).map(number)).toEqual([2, 1]);
    const one = { sent: 1, delivered: 0, opened: 0 };
    expect(await pushes.countByState({ app, senderId })).toEqual(one);
    expect(await pushes.countByState({ app, senderId, startMs: 10, endMs: 11 })).toEqual(one);
    expect(await pushes.countByState({ app, senderId, startMs: 11 })).toEqual({ ...one, sent: 0 });
  });

  it("finds what is outstanding, longest ago first, and no more once it is settled", async () => {
    const app = newApp();
    const ofApp = async (begunBeforeMs: number) =>
      (await pushes.outstanding({ begunBeforeMs, limit: 100 }))
        .filter((stored) => parsePushKey(stored.key).app === app)
        .map(number);
    const { key: settledKey, version, push } = await add(app, 1, { sentAppUserId: "anon:a" });
    const later = register(undefined, { ...base, sentAppUserId: "anon:a" }, startMs - 10);
    await pushes.save([{ key: key(app, 2), expectedVersion: 0, entry: later }]);
    await add(app, 3);
    expect(await ofApp(startMs + 1)).toEqual([2, 1]);
    expect(await ofApp(startMs)).toEqual([2]);
    await pushes.save([{ key: settledKey, expectedVersion: version, entry: settle(push, push.revision) }]);
    expect(await ofApp(startMs + 1)).toEqual([2]);
  });

  it("finds reports of pushes that nobody registered by their last receipt", async () => {
    const app = newApp();
    const report = (receivedMs: number) => ({ receivedMs, openedMs: receivedMs });
    const entries = [applyReport(undefined, report(100)), applyReport(applyReport(undefined, report(50)), report(200))];
    const versions = await pushes.save(entries.map((entry, i) => ({ key: key(app, i), expectedVersion: 0, entry })));
    expect(await pushes.expired({ lastReceiptBeforeMs: 200, limit: 10 })).toEqual([
      { key: key(app, 0), version: versions[0] },
    ]);
    expect(await pushes.expired({ lastReceiptBeforeMs: 201, limit: 1 })).toHaveLength(1);
    const registered = register(entries[0], base, 100 + HOLD_MS);
    await pushes.save([{ key: key(app, 0), expectedVersion: versions[0] as number, entry: registered }]);
    expect((await pushes.expired({ lastReceiptBeforeMs: 201, limit: 10 })).map((found) => found.key)).toEqual([
      key(app, 1),
    ]);
  });

  it("answers", async () => {
    expect(await pushes.healthy()).toBe(true);
  });

  async function decide({ key, version, push }: StoredPush, attributedBy: string): Promise<void> {
    const decision = { appUserId: "ada", attributedBy, attributionVersion: 1, decidedMs: startMs };
    const entry = attribute(push, { ...decision, expectedRevision: push.revision })!;
    await pushes.save([{ key, expectedVersion: version, entry }]);
  }
});

function number({ key }: { readonly key: PushKey }): number {
  return Number(key.slice(-12));
}

function position(stored: StoredPush | undefined): PushPosition | undefined {
  return stored && { sentMs: stored.push.sentMs, trackingToken: parsePushKey(stored.key).trackingToken };
}
