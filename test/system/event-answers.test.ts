import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { Completion } from "../../services/ingestion/store.ts";
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
  const marks = refusingMarks(() => false);
  const databaseOf = (service: string, database: SqliteDatabase) =>
    marks.databaseOf(service, { ...database, sync: () => disk.promise });
  system = await startSystem({ clock: virtualClock(start), databaseOf });
  const shop = await newApp(system);
  let answered = false;
  const event = shop.event({ atMs: start - 60 * seconds, device: "phone", user: "bob" });
  const asked = system.ingestion.ingestEvents({ events: [event] }).then((answer) => {
    answered = true;
    return answer;
  });
  // The mark is the last of the effects, so that nothing but the disk is left to wait for.
  await until(async () => marks.taken.includes(event.fingerprint));
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  expect(answered).toBe(false);
  disk.resolve();
  expect((await asked).verdicts).toMatchObject([{ effectsApplied: true }]);
});

test("an event whose disk fails is not answered with success", async () => {
  const failing = () => Promise.reject(new StoreUnavailableError("no disk", { reason: "failed" }));
  system = await startSystem({
    clock: virtualClock(start),
    databaseOf: (_service, database) => ({ ...database, sync: failing }),
  });
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

test("what keeps an anonymous event of a batch from being finished leaves no marks of the others", async () => {
  const [named, anonymous] = [
    { atMs: start - 60 * seconds, device: "phone", user: "bob" },
    { atMs: start - 60 * seconds, device: "pad" },
  ];
  let unfinished = "";
  const marks = refusingMarks((fingerprints) => fingerprints.includes(unfinished));
  system = await startSystem({ clock: virtualClock(start), databaseOf: marks.databaseOf });
  const shop = await newApp(system);
  const events = [shop.event(named), shop.event(anonymous)];
  unfinished = events[1]!.fingerprint;
  const { verdicts } = await system.ingestion.ingestEvents({ events });
  expect(verdicts.map(({ effectsApplied }) => effectsApplied)).toEqual([false, false]);
  expect(marks.taken).toEqual([events[0]!.fingerprint]);
});

/** A database that takes marks away only where it is told to; nowhere, unless a test says so. */
function refusingMarks(refuses: (fingerprints: readonly string[]) => boolean = () => true) {
  const marks = {
    refuse: true,
    asked: 0,
    taken: [] as string[],
    databaseOf: (_service: string, database: SqliteDatabase): SqliteDatabase => ({
      ...database,
      async load(programs) {
        const loaded = await database.load(programs);
        if (!("complete" in loaded)) return loaded;
        const complete = loaded.complete as (args: readonly Completion[]) => Promise<unknown>;
        return {
          ...loaded,
          complete(args: readonly Completion[]) {
            marks.asked += 1;
            const fingerprints = args.map(({ fingerprint }) => fingerprint);
            if (marks.refuse && refuses(fingerprints))
              return Promise.reject(new StoreUnavailableError("no marks", { reason: "failed" }));
            marks.taken.push(...fingerprints);
            return complete(args);
          },
        };
      },
    }),
  };
  return marks;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await nextTurn();
}
