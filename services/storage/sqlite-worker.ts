/** The thread that owns a SQLite database's only connection; started by sqlite-database.ts. */
import { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type BatchRunner, type BoundCall, createBatchRunner, toFailure } from "./sqlite-batch.ts";
import type { Answer, ProgramCall, Request, Response, SqliteWorkerData } from "./sqlite-messages.ts";
import type { PreparedPrograms, SqlitePrograms } from "./sqlite-programs.ts";

/** Most calls and bytes of arguments in one transaction: bounds how long a commit, and a retry of it, can take. */
const maxBatchCalls = 512;
const maxBatchBytes = 4 * 1024 * 1024;

function openDatabase({ file, durability }: SqliteWorkerData): DatabaseSync {
  // timeout: milliseconds to wait for a lock, which a process that is just stopping may still hold.
  const db = new DatabaseSync(file, { timeout: 1_000, enableForeignKeyConstraints: false });
  // An exclusive lock keeps a second process out, and ends with this process however it ends.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.exec("PRAGMA journal_mode = WAL");
  // NORMAL syncs the log only where its beginning is written over, so the log is always whole up to some commit.
  db.exec(`PRAGMA synchronous = ${durability === "commit" ? "FULL" : "NORMAL"}`);
  db.exec("PRAGMA wal_autocheckpoint = 20000"); // pages, about 80 MB
  // KiB: of the 2 MB by default every event read four pages again that had to make room.
  db.exec("PRAGMA cache_size = -32000");
  db.exec("BEGIN IMMEDIATE; COMMIT");
  return db;
}

function isPrograms(value: unknown, set: string): value is SqlitePrograms<PreparedPrograms> {
  return typeof value === "object" && value !== null && "prepare" in value && "name" in value && value.name === set;
}

function serve(port: MessagePort, db: DatabaseSync): void {
  const runner: BatchRunner = createBatchRunner(db);
  const sets = new Map<string, PreparedPrograms>();
  const waiting: ProgramCall[] = [];
  let scheduled = false;

  const answer = (answers: readonly Answer[]) => {
    if (answers.length > 0) port.postMessage({ kind: "answers", answers } satisfies Response);
  };

  function load({ id, set, module }: Extract<Request, { kind: "load" }>): void {
    import(module).then(
      (exported: Record<string, unknown>) => answer(install(id, set, exported)),
      (error: unknown) => answer([{ id, failure: toFailure(error) }]),
    );
  }

  /** Answers the names of the programs. */
  function install(id: number, set: string, exported: Record<string, unknown>): Answer[] {
    const run = () => {
      const programs = Object.values(exported).find((value) => isPrograms(value, set));
      if (!isPrograms(programs, set)) throw new Error(`the module exports no SQLite programs named ${set}`);
      programs.migrate(db);
      const prepared = programs.prepare(db);
      sets.set(set, prepared);
      return [...Object.keys(prepared.writes), ...Object.keys(prepared.reads)];
    };
    return runner.write([{ id, run }]);
  }

  function runCalls(calls: readonly ProgramCall[]): void {
    const writes: BoundCall[] = [];
    const reads: BoundCall[] = [];
    for (const { id, set, program, args } of calls) {
      const prepared = sets.get(set);
      const write = prepared?.writes[program];
      const run = (write ?? prepared?.reads[program]) as ((args: unknown) => unknown) | undefined;
      if (!run) answer([{ id, failure: { unavailable: false, message: `no SQLite program ${set}.${program}` } }]);
      else (write ? writes : reads).push({ id, run: () => run(args) });
    }
    const written = runner.write(writes);
    answer([...written, ...runner.read(reads)]);
  }

  /** As many of the waiting calls as go into one transaction. */
  function takeCalls(): ProgramCall[] {
    let bytes = 0;
    const fits = ({ bytes: more }: ProgramCall, index: number) => {
      bytes += more;
      return index < maxBatchCalls && (index === 0 || bytes <= maxBatchBytes);
    };
    const end = waiting.findIndex((call, index) => !fits(call, index));
    return waiting.splice(0, end === -1 ? waiting.length : end);
  }

  function receive(request: Request): void {
    if (request.kind === "calls") waiting.push(...request.calls);
    if (request.kind === "load") load(request);
    if (request.kind === "probe") answer([{ id: request.id, value: runner.probe() }]);
    if (request.kind === "close") {
      db.close();
      port.close();
    }
  }

  /** Runs what has arrived by now in one transaction; what arrives meanwhile goes into the next. */
  function step(): void {
    scheduled = false;
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) receive(more.message);
    if (waiting.length > 0) runCalls(takeCalls());
    schedule();
  }

  function schedule(): void {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(step); // a turn of the loop between transactions, so that imports go on
  }

  port.on("message", (request: Request) => {
    receive(request);
    if (!scheduled && waiting.length > 0) step();
  });
}

function start(port: MessagePort, data: SqliteWorkerData): void {
  try {
    const db = openDatabase(data);
    serve(port, db);
    port.postMessage({ kind: "opened" } satisfies Response);
  } catch (error) {
    const { message } = toFailure(error);
    port.postMessage({ kind: "not_opened", message } satisfies Response);
    port.close();
  }
}

if (!parentPort) throw new Error("sqlite-worker.ts runs as a worker thread");
start(parentPort, workerData as SqliteWorkerData);
