import { once } from "node:events";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { makeFolder } from "../runtime/make-folder.ts";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";
import { approximateBytes } from "./approximate-bytes.ts";
import { type LogSync, openLogSync } from "./sqlite-log-sync.ts";
import type {
  Answer,
  Failure,
  ProgramCall,
  Request,
  Response,
  SqliteDurability,
  SqliteWorkerData,
} from "./sqlite-messages.ts";
import type { PreparedPrograms, SqliteClient, SqlitePrograms } from "./sqlite-programs.ts";

export interface SqliteOptions {
  /** Path of the database file; its folder is created. `:memory:` for a database that ends with its closing. */
  readonly file: string;
  /** `commit` unless said otherwise; `sync` is for files only. */
  readonly durability?: SqliteDurability;
  /** Calls that may wait for an answer before more are refused as overloaded. */
  readonly maxWaitingCalls?: number;
  /** Bytes of arguments that may wait, roughly counted. */
  readonly maxWaitingBytes?: number;
}

/** A SQLite file in a worker thread, open in one process at a time. */
export interface SqliteDatabase {
  /**
   * Creates the tables of a module, prepares its programs and returns them as asynchronous functions. May be asked for
   * the same programs again.
   *
   * Calls that arrive while a transaction is being committed share the next one; each is atomic on its own, and
   * answered after its commit, and on the disk then if that is the database's {@link SqliteDurability}. A function rejects with what its program threw, or with {@link StoreUnavailableError}
   * when the call is not known to be stored.
   */
  load<P extends PreparedPrograms>(programs: SqlitePrograms<P>): Promise<SqliteClient<P>>;
  /**
   * Resolves once everything that was answered by now is on the disk; at once where the database's durability is
   * `commit`. Rejects with {@link StoreUnavailableError} when the disk fails.
   */
  sync(): Promise<void>;
  /** Milliseconds that the oldest unanswered call has waited; 0 when none waits. */
  queueAgeMs(): number;
  /** Whether the database can commit: tried on the disk if the last transaction failed. */
  healthy(): Promise<boolean>;
  /** Answers what was accepted, refuses more, and closes the file. */
  close(): Promise<void>;
}

interface Waiting {
  readonly since: number;
  readonly bytes: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Opens a database file, creating it where there is none.
 *
 * @throws Error with one line naming the file when it cannot be opened or another process has it open.
 */
export async function openSqliteDatabase(options: SqliteOptions): Promise<SqliteDatabase> {
  const { file, durability = "commit" } = options;
  if (file !== ":memory:") await makeFolder(dirname(file));
  const workerData: SqliteWorkerData = { file, durability };
  const worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), { workerData, name: "sqlite" });
  const [first] = (await once(worker, "message")) as [Response];
  if (first.kind === "not_opened") {
    const inUse = first.message.includes("database is locked");
    throw new Error(inUse ? `${file} is in use by another process` : `cannot open ${file}: ${first.message}`);
  }
  return databaseOf(worker, options, durability === "sync" ? await openLogSync(file) : undefined);
}

function databaseOf(worker: Worker, options: SqliteOptions, log: LogSync | undefined): SqliteDatabase {
  const { file, maxWaitingCalls = 10_000, maxWaitingBytes = 64 * 1024 * 1024 } = options;
  /** In the order of arrival. */
  const waiting = new Map<number, Waiting>();
  let waitingBytes = 0;
  let tick: ProgramCall[] = [];
  let lastId = 0;
  let state: "open" | "closing" | "gone" = "open";
  let onDrained: (() => void) | undefined;

  function settle(answer: Answer): void {
    const call = waiting.get(answer.id);
    if (!call) return;
    waiting.delete(answer.id);
    waitingBytes -= call.bytes;
    if ("value" in answer) call.resolve(answer.value);
    else call.reject(toError(answer.failure, file));
  }

  function gone(cause?: unknown): void {
    if (state === "gone") return;
    state = "gone";
    const failure = new StoreUnavailableError(`${file}: the database stopped`, { reason: "failed", cause });
    for (const call of waiting.values()) call.reject(failure);
    waiting.clear();
    onDrained?.();
  }

  worker.on("message", (response: Response) => {
    if (response.kind === "answers") for (const answer of response.answers) settle(answer);
    if (waiting.size === 0) onDrained?.();
  });
  worker.on("error", gone);
  worker.on("exit", () => gone());

  /** A promise for the answer to the request that `send` sends. */
  function ask(bytes: number, send: (id: number) => void): Promise<unknown> {
    if (state !== "open") return Promise.reject(new StoreUnavailableError(`${file} is closed`, { reason: "closed" }));
    return new Promise((resolve, reject) => {
      lastId += 1;
      waitingBytes += bytes;
      waiting.set(lastId, { since: performance.now(), bytes, resolve, reject });
      send(lastId);
    });
  }

  const post = (request: Request) => worker.postMessage(request);

  /** Sends what was called in this turn of the event loop as one message. */
  function flush(): void {
    const calls = tick;
    tick = [];
    try {
      post({ kind: "calls", calls });
    } catch (error) {
      const message = `arguments that cannot be copied to the database's thread: ${String(error)}`;
      for (const { id } of calls) settle({ id, failure: { unavailable: false, message } });
    }
  }

  function call(set: string, program: string, args: unknown): Promise<unknown> {
    const bytes = approximateBytes(args);
    if (waiting.size >= maxWaitingCalls || waitingBytes + bytes > maxWaitingBytes) {
      const message = `${file}: too many calls are waiting`;
      return Promise.reject(new StoreUnavailableError(message, { reason: "overloaded" }));
    }
    return ask(bytes, (id) => {
      if (tick.length === 0) setImmediate(flush);
      tick.push({ id, set, program, args, bytes });
    });
  }

  async function load<P extends PreparedPrograms>(programs: SqlitePrograms<P>): Promise<SqliteClient<P>> {
    const { name, module } = programs;
    const names = (await ask(0, (id) => post({ kind: "load", id, set: name, module }))) as string[];
    const functions = names.map((program) => [program, (args: unknown) => call(name, program, args)]);
    return Object.fromEntries(functions) as SqliteClient<P>;
  }

  async function healthy(): Promise<boolean> {
    if (state !== "open" || log?.failed) return false;
    return ask(0, (id) => post({ kind: "probe", id })).then(
      (answer) => answer === true,
      () => false,
    );
  }

  function queueAgeMs(): number {
    for (const { since } of waiting.values()) return performance.now() - since;
    return 0;
  }

  async function drainAndClose(): Promise<void> {
    if (state === "gone") return;
    state = "closing";
    if (waiting.size > 0) await new Promise<void>((resolve) => (onDrained = resolve));
    const exited = once(worker, "exit");
    post({ kind: "close" });
    await exited;
    await log?.close();
  }

  let closed: Promise<void> | undefined;
  function close(): Promise<void> {
    closed ??= drainAndClose();
    return closed;
  }

  return { load, sync: async () => log?.sync(), queueAgeMs, healthy, close };
}

function toError({ unavailable, message, stack }: Failure, file: string): Error {
  if (unavailable) return new StoreUnavailableError(`${file}: ${message}`, { reason: "failed" });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
