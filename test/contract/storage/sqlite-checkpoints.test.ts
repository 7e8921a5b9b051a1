import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCheckpoints } from "../../../services/storage/sqlite-checkpoints.ts";
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
});

describe("checkpoints", () => {
  interface Asked {
    done(): void;
    fail(error: Error): void;
  }

  function setUp() {
    const asked: Asked[] = [];
    const said: string[] = [];
    const checkpoints = createCheckpoints({
      checkpoint: () => new Promise<void>((done, fail) => asked.push({ done, fail })),
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
        one.done();
      }
    }
    return { checkpoints, asked, said, next, nextHeld };
  }

  test("hold writers only while the last rest is copied", async () => {
    const { checkpoints, said, nextHeld } = setUp();
    checkpoints.committed();
    const last = await nextHeld();
    expect(said).toEqual(["hold"]);
    last.done();
    await checkpoints.close();
    expect(said).toEqual(["hold", "release"]);
  });

  test("come again where something was committed meanwhile, and only there", async () => {
    const { checkpoints, asked, said, nextHeld } = setUp();
    checkpoints.committed();
    const last = await nextHeld();
    checkpoints.committed();
    last.done();
    (await nextHeld()).done();
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    expect(asked).toEqual([]);
    expect(said).toEqual(["hold", "release", "hold", "release"]);
  });

  test("that fail let writers go on, say so once, and are tried again after the next commit", async () => {
    const { checkpoints, said, next, nextHeld } = setUp();
    checkpoints.committed();
    (await nextHeld()).fail(new Error("no room"));
    while (!checkpoints.failed) await nextTurn();
    expect(said).toEqual(["hold", "release", "Error: no room"]);
    checkpoints.committed();
    (await next()).fail(new Error("still no room"));
    checkpoints.committed();
    (await nextHeld()).done();
    await checkpoints.close();
    expect([checkpoints.failed, said.length]).toEqual([false, 5]);
  });

  test("end with the one that runs when they are closed", async () => {
    const { checkpoints, asked, nextHeld } = setUp();
    checkpoints.committed();
    const last = await nextHeld();
    checkpoints.committed();
    const closed = checkpoints.close();
    last.done();
    await closed;
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    expect(asked).toEqual([]);
  });
});
