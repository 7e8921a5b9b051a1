import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";
import { openSqliteDatabase, type SqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { notePrograms } from "./note-programs.ts";

const unavailable = (reason: string) => expect.objectContaining({ name: "StoreUnavailableError", reason });

describe("a SQLite database", () => {
  let folder: string;
  let file: string;
  let database: SqliteDatabase;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-"));
    file = join(folder, "data", "notes.db");
    database = await openSqliteDatabase({ file });
  });
  afterEach(async () => {
    await database.close();
    for (const child of children.splice(0)) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    await rm(folder, { recursive: true });
  });

  function startWriter(): ChildProcess {
    const path = fileURLToPath(new URL("./sqlite-writer.ts", import.meta.url));
    const child = spawn(process.execPath, [path, file], { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    return child;
  }

  test("what was written is there after closing and opening again", async () => {
    const notes = await database.load(notePrograms);
    expect(await notes.add(["b", "a"])).toEqual([1, 2]);
    await database.close();
    database = await openSqliteDatabase({ file });
    expect(await (await database.load(notePrograms)).texts()).toEqual(["a", "b"]);
  });

  test("calls made together run in the order of their arrival, each as if it were alone", async () => {
    const notes = await database.load(notePrograms);
    const counts = await Promise.all(["a", "b", "c"].map((text) => notes.addAndCount(text)));
    expect(counts).toEqual([1, 2, 3]);
    expect(await notes.texts()).toEqual(["a", "b", "c"]);
  });

  test("a program that throws is undone alone, and the calls around it are stored", async () => {
    const notes = await database.load(notePrograms);
    const outcomes = await Promise.allSettled([
      notes.add(["a"]),
      notes.addAndThrow(["x", "y"]),
      notes.add(["b", "a"]), // "a" is there: a constraint
      notes.add(["c"]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    await expect(notes.addAndThrow([])).rejects.toThrow("thrown by the program");
    expect(await notes.texts()).toEqual(["a", "c"]);
  });

  test("a call too large for the disk is refused as unavailable, and the calls around it are stored", async () => {
    const notes = await database.load(notePrograms);
    await notes.limitGrowth(4);
    const outcomes = await Promise.allSettled([notes.add(["a"]), notes.add(["x".repeat(1_000_000)]), notes.add(["b"])]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: unavailable("failed") });
    expect(await notes.texts()).toEqual(["a", "b"]);
  });

  test("what a full disk refuses, it takes once there is room", async () => {
    const notes = await database.load(notePrograms);
    await notes.limitGrowth(0);
    await expect(notes.add(["x".repeat(100_000)])).rejects.toEqual(unavailable("failed"));
    await notes.limitGrowth(100);
    expect(await notes.add(["x".repeat(100_000)])).toEqual([1]);
    expect(await database.healthy()).toBe(true);
  });

  test("a read that fails does not fail the writes beside it", async () => {
    const notes = await database.load(notePrograms);
    const outcomes = await Promise.allSettled([notes.failing(), notes.add(["a"])]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });

  test("more writes than may wait are refused as overloaded, and the others are answered", async () => {
    const notes = await database.load(notePrograms);
    const calls = Array.from({ length: 10_001 }, (_, number) => notes.add([String(number)]));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10_000);
    expect(outcomes.at(-1)).toMatchObject({ reason: unavailable("overloaded") });
    expect(await notes.texts()).toHaveLength(10_000);
  });

  test("the age of the queue is that of its oldest call, and 0 when nothing waits", async () => {
    const notes = await database.load(notePrograms);
    expect(database.queueAgeMs()).toBe(0);
    const added = notes.add(["a"]);
    expect(database.queueAgeMs()).toBeGreaterThan(0);
    await added;
    expect(database.queueAgeMs()).toBe(0);
  });

  test("closing answers what was accepted and refuses what comes later", async () => {
    const notes = await database.load(notePrograms);
    const accepted = notes.add(["a"]);
    const closed = database.close();
    await expect(notes.add(["b"])).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await accepted).toEqual([1]);
    await closed;
  });

  test("a file that another process has open is refused in one line that names it", async () => {
    await database.close();
    const writer = startWriter();
    await once(writer.stdout!, "data");
    await expect(openSqliteDatabase({ file })).rejects.toThrow(`${file} is in use by another process`);
    writer.kill("SIGKILL");
    await once(writer, "exit");
    database = await openSqliteDatabase({ file });
  });

  test("a file that is no database is refused in one line that names it", async () => {
    const other = join(folder, "notes.txt");
    await writeFile(other, "not a database, but long enough to have a header ".repeat(10));
    await expect(openSqliteDatabase({ file: other })).rejects.toThrow(/^cannot open .*notes\.txt: /);
  });

  test("where it is told to sync, everything answered is on the disk afterwards, and syncs asked for at once share one", async () => {
    await database.close();
    database = await openSqliteDatabase({ file, durability: "sync" });
    const notes = await database.load(notePrograms);
    await Promise.all([notes.add(["a"]), notes.add(["b"])]);
    await Promise.all([database.sync(), database.sync()]);
    await notes.add(["c"]);
    await database.sync();
    expect(await database.healthy()).toBe(true);
    await database.close();
    database = await openSqliteDatabase({ file });
    expect(await (await database.load(notePrograms)).texts()).toEqual(["a", "b", "c"]);
  });

  test("whatever was answered before kill -9 is there afterwards", async () => {
    await database.close();
    const writer = startWriter();
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: writer.stdout! })) {
      acknowledged.push(line);
      if (acknowledged.length === 200) writer.kill("SIGKILL");
    }
    database = await openSqliteDatabase({ file });
    const texts = await (await database.load(notePrograms)).texts();
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    expect(texts).toEqual(expect.arrayContaining(acknowledged));
  });
});
