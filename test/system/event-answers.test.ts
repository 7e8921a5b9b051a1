import { afterEach, expect, test } from "vitest";
import { StoreUnavailableError } from "../../services/runtime/store-unavailable-error.ts";
import type { SqliteDatabase } from "../../services/storage/sqlite-database.ts";
import { newApp } from "./app-calls.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const start = Date.UTC(2026, 10, 1);
const seconds = 1_000;

let system: System;
afterEach(() => system.stop());

test("an event is answered once it is on the disk, and its effects do not wait for that", async () => {
  const disk = Promise.withResolvers<void>();
  system = await startSystem({ clock: virtualClock(start), durable: () => disk.promise });
  const shop = await newApp(system);
  let answered = false;
  const event = { atMs: start - 60 * seconds, device: "phone", user: "bob" };
  const asked = system.ingestion.ingestEvents({ events: [shop.event(event)] }).then((answer) => {
    answered = true;
    return answer;
  });
  await until(async () => (await profilesOf(shop)).includes("bob"));
  expect(answered).toBe(false);
  disk.resolve();
  expect((await asked).verdicts).toMatchObject([{ effectsApplied: true }]);

  async function profilesOf({ app }: typeof shop): Promise<string[]> {
    const { profiles } = await system.profiles.listProfiles({ ...app, pageSize: 10 });
    return profiles.map(({ appUserId }) => appUserId);
  }
});

test("an event whose disk fails is not answered with success", async () => {
  const failing = () => Promise.reject(new StoreUnavailableError("no disk", { reason: "failed" }));
  system = await startSystem({ clock: virtualClock(start), durable: failing });
  const shop = await newApp(system);
  const event = { atMs: start - 60 * seconds, device: "phone", user: "bob" };
  await expect(system.ingestion.ingestEvents({ events: [shop.event(event)] })).rejects.toThrow(
    "[unavailable] the store is unavailable",
  );
});

test("the mark of an event that names its user goes after the answer; where it cannot, the sweeper sees to it", async () => {
  const clock = virtualClock(start);
  const marks = refusingMarks();
  system = await startSystem({ clock, databaseOf: marks.databaseOf });
  const shop = await newApp(system);
  const { verdicts } = await system.ingestion.ingestEvents({
    events: [shop.event({ atMs: start - 60 * seconds, device: "phone", user: "bob" })],
  });
  expect(verdicts).toMatchObject([{ effectsApplied: true }]);
  await until(async () => marks.asked === 1);
  marks.refuse = false;
  clock.advance(6 * seconds);
  await system.sweep();
  expect(marks.asked).toBe(2);
  clock.advance(6 * seconds);
  await system.sweep();
  expect(marks.asked).toBe(2);
});

/** A database that takes no marks away until it is told to. */
function refusingMarks() {
  const marks = {
    refuse: true,
    asked: 0,
    databaseOf: (_service: string, database: SqliteDatabase): SqliteDatabase => ({
      ...database,
      async load(programs) {
        const loaded = await database.load(programs);
        if (!("complete" in loaded)) return loaded;
        const complete = loaded.complete as (args: unknown) => Promise<unknown>;
        return {
          ...loaded,
          complete(args: unknown) {
            marks.asked += 1;
            if (marks.refuse) return Promise.reject(new StoreUnavailableError("no marks", { reason: "failed" }));
            return complete(args);
          },
        };
      },
    }),
  };
  return marks;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
