import { once } from "node:events";
import { mkdir, mkdtemp, open, rename, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCheckpoints } from "../../../services/storage/sqlite-checkpoints.ts";
import { requireSqlite } from "../../../services/storage/sqlite-connection.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { notePrograms } from "./note-programs.ts";

describe("the log of a SQLite database", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-"));
    file = join(folder, "notes.db");
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Tells one beginning of the log from the next (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). */
  async function salt(): Promise<string> {
    const log = await open(`${file}-wal`, "r");
    const { buffer } = await log.read(Buffer.alloc(8), 0, 8, 16);
    await log.close();
    return buffer.toString("hex");
  }

  test("is begun anew while writes go on, and everything written is there", async () => {
    const database = await openSqliteDatabase({ file, checkpointAfterMs: 0 });
    const notes = await database.load(notePrograms);
    const texts: string[] = [];
    const salts = new Set<string>();
    // Each time that it is begun anew needs the one before to have ended, so that this ends by itself.
    while (salts.size < 4) {
      const text = String(texts.length).padStart(10, "0");
      await notes.add([text]);
      texts.push(text);
      salts.add(await salt());
    }
    expect(await notes.texts()).toEqual(texts);
    expect(await database.healthy()).toBe(true);
    await database.close();
    const again = await openSqliteDatabase({ file });
    expect(await (await again.load(notePrograms)).texts()).toEqual(texts);
    await again.close();
  });

  test("keeps writes waiting while the last of it is copied, and only then", async () => {
    const asked: ((complete: boolean) => void)[] = [];
    const checkpoint = () => new Promise<boolean>((resolve) => asked.push(resolve));
    const database = await openSqliteDatabase({ file, durability: "sync", checkpointAfterMs: 0, checkpoint });
    const notes = await database.load(notePrograms);
    for (let round = 1; round <= 4; round++) {
      await until(async () => asked.length === round);
      expect(await notes.add([`${round}`])).toEqual([round]);
      asked[round - 1]!(false);
    }
    await until(async () => asked.length === 5);
    let isAnswered = false;
    const added = notes.add(["5"]).then(() => (isAnswered = true));
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(isAnswered).toBe(false);
    asked[4]!(true);
    await added;
    await until(async () => asked.length === 6);
    asked[5]!(true);
    await database.close();
  });

  test("that somebody else reads is told of, grows while they do, and is no failure", async () => {
    const database = await openSqliteDatabase({ file, checkpointAfterMs: 0 });
    const notes = await database.load(notePrograms);
    const reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM notes").get();
    const [told] = await Promise.all([once(process, "warning"), notes.add(["a"])]);
    expect(String(told)).toContain("notes.db: its log cannot be copied into it to its end, and grows: another program");
    expect(await database.healthy()).toBe(true);
    reader.close();
    await database.close();
  });

  test("that cannot be copied makes the database unhealthy until it can, and what is written meanwhile is kept", async () => {
    const database = await openSqliteDatabase({ file, checkpointAfterMs: 0 });
    const notes = await database.load(notePrograms);
    // In the file's place there is something else, for whoever opens it anew.
    await rename(file, `${file}-away`);
    await mkdir(file);
    await Promise.all([once(process, "warning"), notes.add(["a"])]);
    await until(async () => !(await database.healthy()));
    await notes.add(["b"]);
    await rmdir(file);
    await rename(`${file}-away`, file);
    await until(() => database.healthy());
    await database.close();
    const again = await openSqliteDatabase({ file });
    expect(await (await again.load(notePrograms)).texts()).toEqual(["a", "b"]);
    await again.close();
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await nextTurn();
}

test.each(["3.51.3", "3.53.4", "4.0.0"])("SQLite %s is new enough to copy the log beside a writer", (version) => {
  expect(() => requireSqlite(version)).not.toThrow();
});

test.each(["3.51.2", "3.46.1", undefined])("SQLite %s is refused", (version) => {
  expect(() => requireSqlite(version)).toThrow("SQLite 3.51.3 or later is needed");
});

describe("checkpoints", () => {
  interface Asked {
    done(complete: boolean): void;
    fail(error: Error): void;
  }

  function setUp() {
    const asked: Asked[] = [];
    const said: string[] = [];
    const checkpoints = createCheckpoints({
      checkpoint: () => new Promise<boolean>((done, fail) => asked.push({ done, fail })),
      afterMs: 0,
      hold: () => said.push("hold"),
      release: () => said.push("release"),
      onFailure: (error) => said.push(String(error)),
    });
    async function next(): Promise<Asked> {
      while (asked.length === 0) await nextTurn();
      return asked.shift()!;
    }
    /** Lets checkpoints succeed up to the one for which writers are held. */
    async function nextHeld(): Promise<Asked> {
      const held = said.filter((word) => word === "hold").length;
      for (;;) {
        const one = await next();
        if (said.filter((word) => word === "hold").length > held) return one;
        one.done(false);
      }
    }
    return { checkpoints, asked, said, next, nextHeld };
  }

  test("hold writers only while the last rest is copied", async () => {
    const { checkpoints, said, nextHeld } = setUp();
    checkpoints.committed();
    const last = await nextHeld();
    expect(said).toEqual(["hold"]);
    last.done(true);
    await checkpoints.close();
    expect(said).toEqual(["hold", "release"]);
  });

  test("come again where something was committed meanwhile, and only there", async () => {
    const { checkpoints, asked, said, nextHeld } = setUp();
    checkpoints.committed();
    const last = await nextHeld();
    checkpoints.committed();
    last.done(true);
    (await nextHeld()).done(true);
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    expect(asked).toEqual([]);
    expect(said).toEqual(["hold", "release", "hold", "release"]);
  });

  test("hold nobody where all of the log is copied at once", async () => {
    const { checkpoints, said, next } = setUp();
    checkpoints.committed();
    (await next()).done(true);
    await checkpoints.close();
    expect(said).toEqual([]);
  });

  test("that fail let writers go on, say so once, and are tried again", async () => {
    const { checkpoints, said, next, nextHeld } = setUp();
    checkpoints.committed();
    (await nextHeld()).fail(new Error("no room"));
    while (!checkpoints.failed) await nextTurn();
    expect(said).toEqual(["hold", "release", "Error: no room"]);
    (await next()).fail(new Error("still no room"));
    (await nextHeld()).done(true);
    await checkpoints.close();
    expect([checkpoints.failed, said.length]).toEqual([false, 5]);
  });

  test("that somebody's reading keeps from the end say so once, and are no failure", async () => {
    const { checkpoints, said, nextHeld } = setUp();
    for (let time = 0; time < 2; time++) {
      checkpoints.committed();
      (await nextHeld()).done(false);
    }
    await checkpoints.close();
    const held = ["hold", "release"];
    expect(said).toEqual([...held, "Error: another program reads it", ...held]);
    expect(checkpoints.failed).toBe(false);
  });

  test("end with the one that runs when they are closed", async () => {
    const { checkpoints, asked, nextHeld } = setUp();
    checkpoints.committed();
    const last = await nextHeld();
    checkpoints.committed();
    const closed = checkpoints.close();
    last.done(true);
    await closed;
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    expect(asked).toEqual([]);
  });
});
