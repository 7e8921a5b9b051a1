import { dirname } from "node:path";
import process from "node:process";
import type { DatabaseSync } from "node:sqlite";
import { makeDataFolder } from "../runtime/data-folder.ts";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";
import { type Answer, type BoundCall, createBatchRunner } from "./sqlite-batch.ts";
import { type Checkpoint, checkpointThread, createCheckpoints } from "./sqlite-checkpoints.ts";
import { openConnection, openLock } from "./sqlite-connection.ts";
import { type Datasync, type LogSync, openLogSync } from "./sqlite-log-sync.ts";
import type { PreparedPrograms, SqliteClient, SqlitePrograms } from "./sqlite-programs.ts";

/** Most calls in one turn, and writes in one transaction: bounds how long a commit, and a retry of it, can take. */
const MAX_BATCH = 512;
/** Calls that may wait for their turn or for the disk before more are refused as overloaded. */
const MAX_WAITING = 10_000;

/**
 * When what was committed is on the disk: `commit`, before the call is answered; `sync`, no later than what was
 * committed after it, and once a `sync` asked for after the answer has resolved.
 */
export type SqliteDurability = "commit" | "sync";

export interface SqliteOptions {
  /** Path of the database file; its folder is created. `:memory:` for a database that ends with its closing. */
  readonly file: string;
  /** `commit` unless said otherwise. */
  readonly durability?: SqliteDurability;
  /** The system's, unless a test decides when the disk is done. */
  readonly datasync?: Datasync;
  /** Milliseconds from a commit to the copying of the log into the file: 2 s, unless a test is in a hurry. */
  readonly checkpointAfterMs?: number;
  /** A thread's, unless a test decides what is copied and when. */
  readonly checkpoint?: Checkpoint;
}

/** At full load the log grows by some 150 MB a second, and at its end a start reads it once. */
const CHECKPOINT_AFTER_MS = 2_000;

/** A SQLite file, open in one thread of one process at a time, whose statements run in this thread. */
export interface SqliteDatabase {
  readonly durability: SqliteDurability;
  /**
   * Creates the tables of a module, prepares its programs and returns them as asynchronous functions. May be asked for
   * the same programs again.
   *
   * Writes of one turn of the event loop share a transaction; each is atomic on its own, and answered after its commit.
   * Reads come after them, and see what is committed. Where the database's {@link SqliteDurability} is `commit`, nothing is answered before
   * what it says or has seen is on the disk. A function rejects with what its program threw, or with
   * {@link StoreUnavailableError} when the call is not known to be stored.
   */
  load<P extends PreparedPrograms>(programs: SqlitePrograms<P>): Promise<SqliteClient<P>>;
  /**
   * Resolves once everything that was answered by now is on the disk. Rejects with {@link StoreUnavailableError} when
   * the disk fails.
   */
  sync(): Promise<void>;
  /** Milliseconds that the oldest unanswered call has waited; 0 when none waits. */
  queueAgeMs(): number;
  /** Whether the database can commit, and copy its log: tried on the disk if the last transaction failed. */
  healthy(): Promise<boolean>;
  /** Answers what was accepted, refuses more, and closes the file. */
  close(): Promise<void>;
}

interface Waiting {
  readonly since: number;
  readonly writes: boolean;
  readonly run: BoundCall;
  settle(answer: Answer): void;
}

/**
 * Opens a database file, creating it where there is none.
 *
 * @throws Error with one line naming the file when it cannot be opened or another process has it open.
 */
export async function openSqliteDatabase({
  file,
  durability = "commit",
  datasync,
  checkpointAfterMs = CHECKPOINT_AFTER_MS,
  checkpoint,
}: SqliteOptions): Promise<SqliteDatabase> {
  if (file === ":memory:") return databaseOf(openConnection(file), { file, durability, disk: undefined });
  await makeDataFolder(dirname(file));
  const lock = openLock(file);
  try {
    const db = openConnection(file);
    const log = await openLogSync(file, datasync);
    return databaseOf(db, { file, durability, disk: { lock, log, checkpointAfterMs, checkpoint } });
  } catch (error) {
    lock.close();
    throw error;
  }
}

interface Disk {
  readonly lock: DatabaseSync;
  readonly log: LogSync;
  readonly checkpointAfterMs: number;
  readonly checkpoint: Checkpoint | undefined;
}

interface Parts {
  readonly file: string;
  readonly durability: SqliteDurability;
  /** None where the database is in memory. */
  readonly disk: Disk | undefined;
}

function databaseOf(db: DatabaseSync, { file, durability, disk }: Parts): SqliteDatabase {
  const log = disk?.log;
  const runner = createBatchRunner(db);
  const prepared = new Map<string, PreparedPrograms>();
  /** Calls that have not run yet, in the order of arrival. */
  const queue: Waiting[] = [];
  /** Calls that have run and wait for the disk. */
  const syncing = new Set<Waiting>();
  let turnIsDue = false;
  /** While the rest of the log is copied. */
  let held = false;
  let closed = false;
  let onDrained: (() => void) | undefined;

  const checkpointing = disk && checkpointThread(file);
  const checkpoints =
    checkpointing &&
    createCheckpoints({
      checkpoint: disk.checkpoint ?? checkpointing.checkpoint,
      afterMs: disk.checkpointAfterMs,
      hold() {
        held = true;
      },
      release() {
        held = false;
        scheduleTurn();
      },
      onFailure(error) {
        const why = error instanceof Error ? error.message : String(error);
        process.emitWarning(`${file}: its log cannot be copied into it to its end, and grows: ${why}`);
      },
    });

  /** What a caller is told of an answer; throws what went wrong. */
  function outcomeOf(answer: Answer): unknown {
    if ("value" in answer) return answer.value;
    if (!answer.unavailable) throw answer.error;
    const message = answer.error instanceof Error ? answer.error.message : String(answer.error);
    throw new StoreUnavailableError(`${file}: ${message}`, { reason: "failed", cause: answer.error });
  }

  function refusal(): StoreUnavailableError | undefined {
    if (closed) return new StoreUnavailableError(`${file} is closed`, { reason: "closed" });
    if (queue.length + syncing.size < MAX_WAITING) return undefined;
    return new StoreUnavailableError(`${file}: too many calls are waiting`, { reason: "overloaded" });
  }

  /** Runs a call in the next turn of the event loop, so that who asks again and again lets others have theirs. */
  function call(run: BoundCall, writes: boolean): Promise<unknown> {
    const refused = refusal();
    if (refused !== undefined) return Promise.reject(refused);
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer) => {
        try {
          resolve(outcomeOf(answer));
        } catch (error) {
          reject(error);
        }
      };
      queue.push({ since: performance.now(), writes, run, settle });
      scheduleTurn();
    });
  }

  function scheduleTurn(): void {
    if (turnIsDue || held || queue.length === 0) return;
    turnIsDue = true;
    setImmediate(runTurn);
  }

  /** Runs what the last turn of the event loop has brought: its writes in one transaction, then its reads. */
  function runTurn(): void {
    turnIsDue = false;
    if (held) return;
    const batch = queue.splice(0, MAX_BATCH);
    const writes = batch.filter((waiting) => waiting.writes);
    const reads = batch.filter((waiting) => !waiting.writes);
    const answers = [...runner.write(writes.map(({ run }) => run)), ...reads.map(({ run }) => runner.read(run))];
    if (writes.length > 0) checkpoints?.committed();
    const ran = [...writes, ...reads];
    if (durability === "commit" && log !== undefined && (writes.length > 0 || syncing.size > 0))
      answerOnceSynced(log, ran, answers);
    else for (const [index, { settle }] of ran.entries()) settle(answers[index]!);
    if (queue.length === 0 && syncing.size === 0) onDrained?.();
    scheduleTurn();
  }

  function answerOnceSynced(disk: LogSync, ran: readonly Waiting[], answers: readonly Answer[]): void {
    for (const waiting of ran) syncing.add(waiting);
    const settleAll = (answerOf: (index: number) => Answer) => {
      for (const [index, waiting] of ran.entries()) {
        syncing.delete(waiting);
        waiting.settle(answerOf(index));
      }
      if (queue.length === 0 && syncing.size === 0) onDrained?.();
    };
    disk.sync().then(
      () => settleAll((index) => answers[index]!),
      (error: unknown) => settleAll(() => ({ error, unavailable: true })),
    );
  }

  async function load<P extends PreparedPrograms>(programs: SqlitePrograms<P>): Promise<SqliteClient<P>> {
    const { name, migrate, prepare } = programs;
    let known = prepared.get(name) as P | undefined;
    if (known === undefined) {
      await call(() => migrate(db), true);
      known = prepare(db);
      prepared.set(name, known);
    }
    type Program = (args: unknown) => unknown;
    const writes = Object.entries(known.writes as Record<string, Program>);
    const reads = Object.entries(known.reads as Record<string, Program>);
    return Object.fromEntries([
      ...writes.map(([program, run]) => [program, (args: unknown) => call(() => run(args), true)]),
      ...reads.map(([program, run]) => [program, (args: unknown) => call(() => run(args), false)]),
    ]) as SqliteClient<P>;
  }

  function queueAgeMs(): number {
    const [oldest = queue[0]] = syncing;
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  async function drainAndClose(): Promise<void> {
    closed = true;
    if (queue.length > 0 || syncing.size > 0) await new Promise<void>((resolve) => (onDrained = resolve));
    await checkpoints?.close();
    await checkpointing?.close();
    await log?.close();
    db.close();
    disk?.lock.close();
  }

  let closing: Promise<void> | undefined;
  return {
    durability,
    load,
    // Whoever was answered at `commit` knows it already.
    sync: async () => (durability === "sync" ? log?.sync() : undefined),
    queueAgeMs,
    healthy: async () => !closed && log?.failed !== true && checkpoints?.failed !== true && runner.probe(),
    close() {
      closing ??= drainAndClose();
      return closing;
    },
  };
}
