import { inspect } from "node:util";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppCalls, newApp } from "./app-calls.ts";
import { createOutage } from "./failing-database.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;
const [sent, unsent] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"];

/** Everything that is accepted: what is answered with success happens, whatever ends right after. */
interface Accepted {
  readonly what: string;
  /** What is there before, beside what always is. */
  before?(shop: AppCalls, system: System): Promise<unknown>;
  ask(shop: AppCalls, system: System): Promise<unknown>;
}

const login = { atMs: start + 5 * minute, device: "phone", user: "bob" };
const linkOf = ({ app }: AppCalls) => ({ ...app, deviceToken: "phone", appUserId: "ann" });
const register = ({ app }: AppCalls, system: System, trackingToken: string) =>
  system.pushes.registerPushes({
    ...app,
    pushes: [
      { trackingToken, appUserId: "anon:phone", deviceToken: "phone", sentTime: timestampFromMs(start + 4 * minute) },
    ],
  });
const refuse = ({ app }: AppCalls, system: System, trackingToken: string) =>
  system.pushes.reportDeliveries({ ...app, reports: [{ trackingToken, invalidToken: true }] });

const kinds: readonly Accepted[] = [
  {
    what: "an event that takes others",
    ask: (shop, system) => system.ingestion.ingestEvents({ events: [shop.event(login)] }),
  },
  {
    what: "an event that is taken",
    before: (shop) => shop.ingest(login),
    ask: (shop, system) =>
      system.ingestion.ingestEvents({ events: [shop.event({ atMs: start + 4 * minute + 1, device: "phone" })] }),
  },
  { what: "a refresh that joins two devices", ask: (shop) => shop.refresh("pad", "phone", start + 30 * minute) },
  { what: "an unlink", ask: (shop, { profiles }) => profiles.unlinkDevice(linkOf(shop)) },
  {
    what: "a relink",
    before: (shop, { profiles }) => profiles.unlinkDevice(linkOf(shop)),
    ask: (shop, { profiles }) => profiles.relinkDevice(linkOf(shop)),
  },
  {
    what: "a push that a login takes",
    before: (shop) => shop.ingest(login),
    ask: (shop, system) => register(shop, system, unsent),
  },
  {
    what: "an open",
    ask: ({ app }, { tracking }) =>
      tracking.reportPushes({
        reports: [{ ...app, trackingToken: sent, openedMs: start + 9 * minute, receivedTimeMs: start + 9 * minute }],
      }),
  },
  { what: "a refused token", ask: (shop, system) => refuse(shop, system, sent) },
  {
    what: "a push that was reported before",
    before: (shop, system) => refuse(shop, system, unsent),
    ask: (shop, system) => register(shop, system, unsent),
  },
];

describe("whatever was accepted, where all processes end between any two steps,", () => {
  const clock = virtualClock(start + 60 * minute);
  const outage = createOutage();
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ clock, databaseOf: outage.databaseOf });
  });
  afterAll(() => system.stop());

  /** A phone with an anonymous past, a login and a present, a push to whoever has it, and the same user's second device. */
  async function populated({ before }: Accepted): Promise<AppCalls> {
    const shop = newApp(system);
    const sketches = [
      { atMs: start, device: "phone" },
      { atMs: start + minute, device: "phone", user: "ann" },
      { atMs: start + 2 * minute, device: "phone" },
      { atMs: start + 3 * minute, device: "phone", byHash: true },
      { atMs: start + 4 * minute, device: "phone", user: "ann" },
      { atMs: start + 4 * minute + 2, device: "phone" },
      { atMs: start - minute, device: "pad", user: "ann" },
    ];
    await system.ingestion.ingestEvents({ events: sketches.map(shop.event) });
    await register(shop, system, sent);
    await before?.(shop, system);
    return shop;
  }

  /** What operators read, with times of events for fingerprints: each app has its own. */
  async function read(shop: AppCalls): Promise<string> {
    const { events } = await system.events.listEvents({ ...shop.app, pageSize: 1_000 });
    const shown = await shop.state();
    const inTime = (merges: typeof shown.merges) =>
      merges.toSorted((a, b) => Number(a.time?.seconds) - Number(b.time?.seconds));
    const ofUsers = shown.ofUsers.map((user) => ({ ...user, merges: inTime(user.merges) }));
    const state = inspect({ ...shown, merges: inTime(shown.merges), ofUsers }, { depth: null });
    return events.reduce(
      (text, { fingerprint, effectiveTime, deviceToken }) =>
        text.replaceAll(
          fingerprint,
          `the event on ${deviceToken} at ${effectiveTime?.seconds} ${effectiveTime?.nanos}`,
        ),
      state,
    );
  }

  async function sweep(): Promise<void> {
    for (let look = 0; look < 2; look++) {
      clock.advance(10_001);
      await system.sweep();
      await system.sweepPushes();
    }
  }

  test.each(kinds)(
    "$what is there with all that follows from it, or was not answered and left nothing",
    async (kind) => {
      const undisturbed = await populated(kind);
      const before = await read(undisturbed);
      outage.begin(Number.POSITIVE_INFINITY, "before");
      await kind.ask(undisturbed, system);
      const steps = outage.calls;
      await sweep();
      const after = await read(undisturbed);
      expect(after).not.toBe(before);
      expect(steps).toBeGreaterThan(1);

      for (let step = 0; step < steps; step++) {
        const disturbed = await populated(kind);
        outage.begin(step, "before");
        const answered = await kind.ask(disturbed, system).then(
          () => true,
          () => false,
        );
        outage.end();
        await system.restart();
        await sweep();
        const state = await read(disturbed);
        const possible = answered || state !== before ? after : before;
        expect(state, `before step ${step}`).toBe(possible);
      }
    },
  );
});
