import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mongodbEngines } from "../contract/storage/engines.ts";
import { type AppCalls, newApp } from "./app-calls.ts";
import { type System, startSystem } from "./system.ts";
import { pausingClock } from "./verify/verification.ts";

const start = Date.UTC(2026, 10, 1);
/** Nothing is over, or repeated, because time has passed. */
const clock = pausingClock(start);
/** Events of a small and of a large batch; effects are applied in batches of 64. */
const FEW = 3;
const MANY = 60;

interface Batch {
  readonly what: string;
  /** What was there before; nothing of it counts. */
  before?(shop: AppCalls, count: number): Promise<unknown>;
  /** The `n`th event of the batch. */
  event(n: number): Parameters<AppCalls["event"]>[0];
}

const at = (minutes: number) => start + minutes * 60_000;
const loggedIn = (shop: AppCalls, count: number) =>
  shop.ingest(...all(count, (n) => ({ atMs: at(-10), device: `device-${n}`, user: `user-${n}` })));

/** Devices that have no anonymous past. */
const withoutPast: readonly Batch[] = [
  {
    what: "first events of users",
    event: (n) => ({ atMs: at(-5), device: `device-${n}`, user: `user-${n}` }),
  },
  {
    what: "events of users who are known",
    before: loggedIn,
    event: (n) => ({ atMs: at(-5), device: `device-${n}`, user: `user-${n}` }),
  },
  {
    what: "events that arrive after later ones",
    before: loggedIn,
    event: (n) => ({ atMs: at(-15), device: `device-${n}`, user: `user-${n}` }),
  },
  {
    what: "logins of others",
    before: loggedIn,
    event: (n) => ({ atMs: at(-5), device: `device-${n}`, user: `other-${n}` }),
  },
  {
    what: "anonymous events that nobody has logged in after",
    before: loggedIn,
    event: (n) => ({ atMs: at(-5), device: `device-${n}` }),
  },
  {
    what: "events of users on one device",
    before: loggedIn,
    event: (n) => ({ atMs: at(-5) + n, device: "device-0", user: `user-${n}` }),
  },
];

const withPast: Batch = {
  what: "logins after anonymous events",
  before: (shop, count) => shop.ingest(...all(count, (n) => ({ atMs: at(-10), device: `device-${n}` }))),
  event: (n) => ({ atMs: at(-5), device: `device-${n}`, user: `user-${n}` }),
};

const engines = [
  { name: "SQLite", url: undefined },
  ...mongodbEngines.filter(({ atomicUpdates }) => atomicUpdates).map(({ name, url }) => ({ name, url })),
];

describe.each(engines)("on $name", ({ url }) => {
  let system: System;
  let work: string[] = [];
  beforeAll(async () => {
    const mongodbUrl = url === undefined ? {} : { mongodbUrl: ownDatabase(url) };
    system = await startSystem({ clock, ...mongodbUrl, onWork: (kind, name) => work.push(`${kind} ${name}`) });
  });
  afterAll(() => system.stop());

  /** Calls and store operations that a batch of so many events takes, sorted. */
  async function workOf({ before, event }: Batch, count: number): Promise<string[]> {
    const shop = newApp(system);
    await before?.(shop, count);
    work = [];
    const verdicts = await system.ingestion.ingestEvents({ events: all(count, (n) => shop.event(event(n))) });
    expect(verdicts.verdicts.every(({ effectsApplied }) => effectsApplied)).toBe(true);
    return work.toSorted();
  }

  test.each(withoutPast)("$what take one call a step, however many they are, and attribute nothing", async (batch) => {
    const few = await workOf(batch, FEW);
    expect(await workOf(batch, MANY)).toEqual(few);
    expect(few.filter((name) => name.startsWith("method "))).toEqual([
      "method IngestEvents",
      "method ObserveDevices",
      "method ObserveProfiles",
    ]);
  });

  test("logins after anonymous events take more, so that it would be seen", async () => {
    const few = await workOf(withPast, FEW);
    const many = await workOf(withPast, MANY);
    expect(many.length).toBeGreaterThan(few.length);
    expect(few).toContain("method MarkSettled");
  });
});

function all<T>(count: number, each: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => each(n));
}

function ownDatabase(server: string): string {
  const url = new URL(server);
  url.pathname = `/carillon_cost_${randomUUID().slice(0, 8)}`;
  return url.href;
}
