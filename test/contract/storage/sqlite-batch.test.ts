import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { type Answer, type BatchRunner, createBatchRunner } from "../../../services/storage/sqlite-batch.ts";

describe("a batch of SQLite calls", () => {
  let db: DatabaseSync;
  let runner: BatchRunner;

  beforeEach(() => {
    db = new DatabaseSync(":memory:");
    db.exec("CREATE TABLE parents (id INTEGER PRIMARY KEY)");
    db.exec("CREATE TABLE notes (text TEXT, parent REFERENCES parents DEFERRABLE INITIALLY DEFERRED)");
    runner = createBatchRunner(db);
  });

  const add = (text: string) => () => Number(db.prepare("INSERT INTO notes (text) VALUES (?)").run(text).changes);
  /** Refers to nothing, which is only looked at when the transaction is committed. */
  const orphan = () => db.exec("INSERT INTO notes VALUES ('orphan', 7)");
  const texts = () =>
    db
      .prepare("SELECT text FROM notes ORDER BY rowid")
      .all()
      .map(({ text }) => text);
  const outcomes = (answers: Answer[]) =>
    answers.map((answer) => ("value" in answer ? "stored" : answer.unavailable ? "unavailable" : "failed"));

  test("runs in one transaction", () => {
    expect(runner.write([() => db.isTransaction, add("a"), texts])).toEqual([
      { value: true },
      { value: 1 },
      { value: ["a"] },
    ]);
    expect(db.isTransaction).toBe(false);
  });

  test("of which the commit fails leaves nothing stored, and says so to every call", () => {
    db.exec("PRAGMA foreign_keys = ON");
    expect(outcomes(runner.write([add("a"), orphan, add("b")]))).toEqual(Array(3).fill("unavailable"));
    expect(texts()).toEqual([]);
    expect(outcomes(runner.write([add("c")]))).toEqual(["stored"]);
  });

  test("in which the database fails is run again call by call", () => {
    const failing = () => {
      add("x")();
      db.exec("PRAGMA query_only = ON");
      try {
        add("y")();
      } finally {
        db.exec("PRAGMA query_only = OFF");
      }
    };
    expect(outcomes(runner.write([add("a"), failing, add("b")]))).toEqual(["stored", "unavailable", "stored"]);
    expect(texts()).toEqual(["a", "b"]);
  });

  test("that cannot be written makes the database unhealthy until a transaction can be committed", () => {
    expect(runner.probe()).toBe(true);
    db.exec("PRAGMA query_only = ON");
    expect(outcomes(runner.write([add("a")]))).toEqual(["unavailable"]);
    expect(runner.probe()).toBe(false);
    db.exec("PRAGMA query_only = OFF");
    expect(runner.probe()).toBe(true);
    expect(runner.probe()).toBe(true);
  });
});
