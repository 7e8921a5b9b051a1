import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppCalls, type EventSketch, newApp } from "./app-calls.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;
const day = 86_400_000;

describe("the merge journal", () => {
  const clock = virtualClock(start + day);
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ clock });
  });
  afterAll(() => system.stop());

  test("has one entry for a login that took events and pushes, with their counts", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start, device: "phone" }, { atMs: start + minute, device: "phone" });
    await shop.push({ atMs: start, device: "phone" });
    expect(await shop.merges()).toEqual([]);
    const [login] = await shop.ingest({ atMs: start + 2 * minute, device: "phone", user: "ann" });
    const entry = {
      deviceToken: "phone",
      fromAppUserId: "anon:phone",
      toAppUserId: "ann",
      fingerprint: login,
      eventCount: 2,
      pushCount: 1,
      atMs: start + 2 * minute,
    };
    expect(await shop.merges()).toEqual([entry]);

    await shop.ingest({ atMs: start + minute + 1, device: "phone" });
    await shop.push({ atMs: start + 1, device: "phone" });
    const late = { atMs: start - 40 * day, receivedMs: start + day, device: "phone" };
    await shop.ingest(late, late);
    expect(await shop.merges()).toEqual([{ ...entry, eventCount: 4, pushCount: 2 }]);
  });

  test("gives what an earlier login takes to that one's entry", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start, device: "phone" }, { atMs: start + 5 * minute, device: "phone" });
    const [late] = await shop.ingest({ atMs: start + 6 * minute, device: "phone", user: "bob" });
    expect(await shop.merges()).toMatchObject([{ fingerprint: late, eventCount: 2 }]);
    const [early] = await shop.ingest({ atMs: start + minute, device: "phone", user: "ann" });
    const merges = (await shop.merges()).map(({ fingerprint, eventCount }) => [fingerprint, eventCount]);
    expect(Object.fromEntries(merges)).toEqual({ [late!]: 1, [early!]: 1 });
    await shop.ingest({ atMs: start + 5 * minute, device: "phone", user: "ann", name: "bought" });
    expect((await shop.merges()).map(({ fingerprint }) => fingerprint)).not.toContain(late);
  });

  test("names the device's tokens as they are now, and is found by any of them and by the user", async () => {
    const shop = newApp(system);
    await shop.ingest({ atMs: start, device: "old" }, { atMs: start + minute, device: "old", user: "ann" });
    await shop.ingest({ atMs: start, device: "pad" }, { atMs: start + minute, device: "pad", user: "bob" });
    await shop.refresh("old", "new", start + 2 * minute);
    const ann = { deviceToken: "new", fromAppUserId: "anon:old", toAppUserId: "ann", eventCount: 1 };
    for (const deviceToken of ["old", "new"]) expect(await shop.merges({ deviceToken })).toMatchObject([ann]);
    expect(await shop.merges({ appUserId: "ann" })).toMatchObject([ann]);
    expect(await shop.merges({ appUserId: "ann", deviceToken: "pad" })).toEqual([]);
    expect(await shop.merges({ deviceToken: "unknown" })).toEqual([]);
    expect(await shop.merges()).toHaveLength(2);
  });

  test("is read page by page, once each", async () => {
    const shop = newApp(system);
    for (const n of [1, 2, 3]) {
      await shop.ingest(
        { atMs: start, device: `tok${n}` },
        { atMs: start + minute, device: `tok${n}`, user: `user${n}` },
      );
    }
    const found: string[] = [];
    let pageToken = "";
    do {
      const page = await system.profiles.listMerges({ ...shop.app, pageSize: 2, pageToken });
      found.push(...page.merges.map(({ toAppUserId }) => toAppUserId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(found.sort()).toEqual(["user1", "user2", "user3"]);
  });

  test("is asked nothing by events that nobody took", async () => {
    const asked: string[] = [];
    const counting = await startSystem({
      clock,
      databaseOf: (service, database) => ({
        ...database,
        load: async (programs) => {
          const loaded = await database.load(programs);
          const noted = (name: string) => (args: never) => {
            asked.push(`${service} ${name} ${(args as { table?: { name: string } })?.table?.name ?? ""}`);
            return (loaded as Record<string, (args: never) => unknown>)[name]!(args);
          };
          return Object.fromEntries(Object.keys(loaded).map((name) => [name, noted(name)])) as typeof loaded;
        },
      }),
    });
    const shop = newApp(counting);
    asked.length = 0;
    await shop.ingest({ atMs: start, device: "phone", user: "ann" }, { atMs: start + minute, device: "phone" });
    expect(asked.filter((call) => call.includes("merges") || call.includes("countAttributedBy"))).toEqual([]);
    expect(asked).toContain("ingestion insert ");
    await counting.stop();
  });

  test("is the same whatever the order of arrival, and whatever arrives twice", async () => {
    // Times are distinct, because what else decides, the fingerprint, differs between the two apps.
    const sketch = fc.record({
      atMs: fc.integer({ min: 0, max: 20 }).map((minutes) => start + minutes * minute),
      device: fc.constantFrom("a", "b"),
      user: fc.constantFrom("", "", "ann", "bob"),
    });
    const arrivals = fc
      .uniqueArray(sketch, { selector: ({ atMs }) => atMs, minLength: 2, maxLength: 8 })
      .chain((events) => {
        const twice = [...events, ...events];
        const length = { minLength: twice.length, maxLength: twice.length };
        return fc.tuple(fc.constant(events), fc.shuffledSubarray(twice, length));
      });
    await fc.assert(
      fc.asyncProperty(arrivals, async ([inOrder, shuffled]) => {
        const [one, other] = [newApp(system), newApp(system)];
        await one.ingest(...inOrder);
        await other.ingest(...shuffled);
        expect(await entries(other)).toEqual(await entries(one));
        expect(await entries(one)).toEqual(expected(inOrder));
      }),
      { numRuns: 40 },
    );
  });
});

type Entry = Omit<Awaited<ReturnType<AppCalls["merges"]>>[number], "fingerprint">;

async function entries(shop: AppCalls): Promise<Entry[]> {
  return (await shop.merges()).map(({ fingerprint: _, ...entry }) => entry).sort(byTime);
}

/** The page's sentence, looked up the plainest way. */
function expected(events: readonly EventSketch[]): Entry[] {
  const takers = events
    .filter(({ user }) => user === "")
    .map(({ device, atMs }) =>
      events
        .filter((other) => other.device === device && other.user !== "" && other.atMs >= atMs)
        .sort(byTime)
        .at(0),
    );
  return events
    .filter((event) => takers.includes(event))
    .map((event) => ({
      deviceToken: event.device,
      fromAppUserId: `anon:${event.device}`,
      toAppUserId: event.user ?? "",
      eventCount: takers.filter((taker) => taker === event).length,
      pushCount: 0,
      atMs: event.atMs,
    }))
    .sort(byTime);
}

function byTime(a: { readonly atMs: number }, b: { readonly atMs: number }): number {
  return a.atMs - b.atMs;
}
