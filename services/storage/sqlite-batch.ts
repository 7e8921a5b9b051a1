import type { DatabaseSync } from "node:sqlite";

/** A program with its arguments, ready to run. */
export type BoundCall = () => unknown;

/** What became of a call; `unavailable` where the database is at fault, so that the call may be stored or not. */
export type Answer = { readonly value: unknown } | { readonly error: unknown; readonly unavailable: boolean };

/**
 * SQLite's primary result codes that are the database's or the machine's fault: PERM 3, BUSY 5, LOCKED 6, NOMEM 7,
 * READONLY 8, INTERRUPT 9, IOERR 10, CORRUPT 11, FULL 13, CANTOPEN 14, PROTOCOL 15, NOTADB 26
 * (https://www.sqlite.org/rescode.html).
 */
const unavailableCodes = new Set([3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26]);

/** Whether the error says that the database cannot work, rather than that a statement was wrong. */
function isDatabaseFault(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return false;
  return unavailableCodes.has(error.errcode & 0xff); // the low byte of an extended code is its primary code
}

/** Runs calls on one connection; each has its answer at its place. */
export interface BatchRunner {
  /**
   * Runs writes in one transaction; the answers hold once this returns, because the transaction was committed.
   *
   * A call that throws is undone alone; the others are run again then. When the database itself fails while a call runs, every call gets a transaction
   * of its own, so that one too large for the disk does not fail the others. A commit that fails leaves none of its
   * calls known to be stored.
   */
  write(calls: readonly BoundCall[]): Answer[];
  /** Runs a read, which sees what is committed. */
  read(call: BoundCall): Answer;
  /** Whether a transaction can be committed now; asks the disk only if the last one could not. */
  probe(): boolean;
}

/** A {@link BatchRunner} on a connection that nobody else uses. */
export function createBatchRunner(db: DatabaseSync): BatchRunner {
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const savepoint = db.prepare("SAVEPOINT program_call");
  const undo = db.prepare("ROLLBACK TO program_call");
  const release = db.prepare("RELEASE program_call");
  let lastWriteFailed = false;

  /**
   * Runs a call so that it can be undone alone. Throws the database's own faults, with the transaction still open or
   * already rolled back by SQLite.
   */
  function runGuarded(call: BoundCall): Answer {
    savepoint.run();
    try {
      const value = call();
      release.run();
      return { value };
    } catch (error) {
      if (isDatabaseFault(error) || !db.isTransaction) throw error;
      undo.run();
      release.run();
      return { error, unavailable: false };
    }
  }

  /** Leaves the transaction open, or throws with it rolled back. */
  function runAll(calls: readonly BoundCall[]): Answer[] {
    try {
      begin.run();
      // Without savepoints at first: SQLite copies every page that changes within one, and calls hardly ever throw.
      return calls.map((call) => ({ value: call() }));
    } catch (error) {
      rollback();
      if (isDatabaseFault(error)) throw error;
    }
    try {
      begin.run();
      return calls.map(runGuarded);
    } catch (error) {
      rollback();
      throw error;
    }
  }

  function rollback(): void {
    if (db.isTransaction) db.exec("ROLLBACK");
  }

  function failAll(calls: readonly BoundCall[], error: unknown): Answer[] {
    lastWriteFailed = true;
    return calls.map(() => ({ error, unavailable: true }));
  }

  function write(calls: readonly BoundCall[]): Answer[] {
    if (calls.length === 0) return [];
    let answers: Answer[];
    try {
      answers = runAll(calls);
    } catch (error) {
      return calls.length > 1 ? calls.flatMap((call) => write([call])) : failAll(calls, error);
    }
    try {
      commit.run();
    } catch (error) {
      rollback();
      return failAll(calls, error);
    }
    lastWriteFailed = false;
    return answers;
  }

  function read(call: BoundCall): Answer {
    try {
      return { value: call() };
    } catch (error) {
      return { error, unavailable: isDatabaseFault(error) };
    }
  }

  function probe(): boolean {
    if (!lastWriteFailed) return true;
    // Setting the version number to what it is writes a page, which a full or failing disk refuses.
    const version = db.prepare("PRAGMA user_version").get()?.user_version;
    const [answer] = write([() => db.exec(`PRAGMA user_version = ${Number(version)}`)]);
    return answer !== undefined && "value" in answer;
  }

  return { write, read, probe };
}
