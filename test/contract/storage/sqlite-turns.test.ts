import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteDatabase, type SqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import type { SqliteClient } from "../../../services/storage/sqlite-programs.ts";
import { notePrograms } from "./note-programs.ts";

type Notes = SqliteClient<ReturnType<typeof notePrograms.prepare>>;

let folder: string;
let file: string;
let database: SqliteDatabase;
let notes: Notes;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "carillon-"));
  file = join(folder, "notes.db");
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

describe("what is answered is on the disk", () => {
  let disk: ReturnType<typeof slowDisk>;

  async function open(durability: "commit" | "sync"): Promise<void> {
    disk = slowDisk();
    database = await openSqliteDatabase({ file, durability, datasync: disk.datasync });
    notes = await database.load(notePrograms);
    disk.isSlow = true;
  }

  test("a write is answered once the disk is done, and not before", async () => {
    await open("commit");
    const added = watch(notes.add(["a"]));
    await turns();
    expect([disk.underWay(), added.is]).toEqual([1, "waiting"]);
    disk.done();
    await turns();
    expect(added.is).toBe("answered");
  });

  test("what is committed while the disk is at it waits for the next time", async () => {
    await open("commit");
    const first = watch(notes.add(["a"]));
    await turns();
    const second = watch(notes.add(["b"]));
    await turns();
    expect(disk.underWay()).toBe(1);
    disk.done();
    await turns();
    expect([first.is, second.is, disk.underWay()]).toEqual(["answered", "waiting", 1]);
    disk.done();
    await turns();
    expect(second.is).toBe("answered");
  });

  test("a read that saw what the disk does not have yet waits with it", async () => {
    await open("commit");
    void notes.add(["a"]);
    await turns();
    const read = watch(notes.texts());
    await turns();
    expect(read.is).toBe("waiting");
    disk.done();
    await turns();
    disk.done();
    await turns();
    expect(read.is).toBe("answered");
  });

  test("a disk that fails answers nothing, and from then on refuses everything", async () => {
    await open("commit");
    const added = watch(notes.add(["a"]));
    await turns();
    disk.done(new Error("EIO"));
    await turns();
    disk.isSlow = false;
    expect(added.is).toBe("refused");
    await expect(notes.add(["b"])).rejects.toMatchObject({ name: "StoreUnavailableError", reason: "failed" });
    expect(await database.healthy()).toBe(false);
  });

  test("where it is told to sync, a sync waits for the disk, and for what was answered while the disk was at it once more", async () => {
    await open("sync");
    await notes.add(["a"]);
    const first = watch(database.sync());
    await turns();
    await notes.add(["b"]);
    const second = watch(database.sync());
    await turns();
    expect([first.is, second.is]).toEqual(["waiting", "waiting"]);
    disk.done();
    await turns();
    expect([first.is, second.is]).toEqual(["answered", "waiting"]);
    disk.done();
    await turns();
    expect(second.is).toBe("answered");
  });
});

describe("others have their turns", () => {
  beforeEach(async () => {
    database = await openSqliteDatabase({ file });
    notes = await database.load(notePrograms);
  });

  test("timers, files and writes go on while one read after another is asked for", async () => {
    const MOST = 500_000;
    let isOver = false;
    let reads = 0;
    const reading = (async () => {
      for (; !isOver && reads < MOST; reads++) await notes.texts();
    })();
    await Promise.all([sleep(1), readFile(fileURLToPath(import.meta.url)), notes.add(["a"])]);
    isOver = true;
    await reading;
    expect(reads).toBeLessThan(MOST);
  });

  test("the event loop goes on between reads that are asked for at once", async () => {
    const READS = 5_000;
    let answered = 0;
    const reads = Array.from({ length: READS }, () => notes.texts().then(() => (answered += 1)));
    await nextTurn();
    await nextTurn();
    expect(answered).toBeLessThan(READS);
    await Promise.all(reads);
  });
});

/** A disk that is done with a sync when it is told so, once it is slow. */
function slowDisk() {
  const underWay: ((error?: Error) => void)[] = [];
  const disk = {
    isSlow: false,
    underWay: () => underWay.length,
    datasync: () =>
      disk.isSlow
        ? new Promise<void>((resolve, reject) => {
            underWay.push((error) => (error === undefined ? resolve() : reject(error)));
          })
        : Promise.resolve(),
    done(error?: Error): void {
      underWay.shift()?.(error);
    },
  };
  return disk;
}

/** What has become of a call so far. */
function watch(call: Promise<unknown>) {
  const watched: { is: "waiting" | "answered" | "refused" } = { is: "waiting" };
  call.then(
    () => (watched.is = "answered"),
    () => (watched.is = "refused"),
  );
  return watched;
}

/** As many turns of the event loop as any of these calls takes where nothing keeps it. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}
