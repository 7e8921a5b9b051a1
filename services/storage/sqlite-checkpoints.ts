import { once } from "node:events";
import { Worker } from "node:worker_threads";

/**
 * Times that the log is copied while it grows. Each time leaves what was written meanwhile, less and less, so that
 * writers are held for the last rest only.
 */
const ROUNDS = 4;

/**
 * Copies the write-ahead log into the file as far as it is written and nobody reads it; rejects where it cannot.
 *
 * @returns whether that is all of it
 */
export type Checkpoint = () => Promise<boolean>;

type Answer = { readonly complete: boolean } | { readonly error: string };

/** Keeps a database's write-ahead log from growing for ever, beside the thread that writes it. */
export interface Checkpoints {
  /** To be told of every commit. */
  committed(): void;
  /** Whether the last one failed. It is tried again in the same time. */
  readonly failed: boolean;
  /** Begins no more, and resolves when none runs. */
  close(): Promise<void>;
}

export interface CheckpointsOptions {
  readonly checkpoint: Checkpoint;
  /** Milliseconds from the first commit after one to the next: bounds the log to what can be written in that time. */
  readonly afterMs: number;
  /** Nothing may be committed from now on, so that the log can be copied to its end: it is begun anew then. */
  hold(): void;
  /** What was held may go on. */
  release(): void;
  /** Told of the first time that the log could not be copied to its end, and of the first after a success. */
  onFailure(error: unknown): void;
}

export function createCheckpoints({ checkpoint, afterMs, hold, release, onFailure }: CheckpointsOptions): Checkpoints {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let due = false;
  let failed = false;
  let told = false;
  let closed = false;

  function schedule(): void {
    if (closed || timer !== undefined || running !== undefined) return;
    // Keeps no process alive: what closes the database copies the rest.
    timer = setTimeout(begin, afterMs).unref();
  }

  function begin(): void {
    timer = undefined;
    due = false;
    running = run().then(() => {
      running = undefined;
      if (due || failed) schedule();
    });
  }

  async function run(): Promise<void> {
    try {
      const complete = await copyAll();
      // Who reads the file keeps the log from being begun anew, but the database works.
      if (!complete) tell(new Error("another program reads it"));
      else told = false;
      failed = false;
    } catch (error) {
      tell(error);
      failed = true;
    }
  }

  function tell(error: unknown): void {
    if (!told) onFailure(error);
    told = true;
  }

  /** Whether all of the log is copied. */
  async function copyAll(): Promise<boolean> {
    for (let round = 0; round < ROUNDS; round++) if (await checkpoint()) return true;
    hold();
    try {
      return await checkpoint();
    } finally {
      release();
    }
  }

  return {
    committed() {
      due = true;
      schedule();
    },
    get failed() {
      return failed;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Checkpoints of a database in WAL mode, in a thread that starts with the first. */
export interface CheckpointThread {
  readonly checkpoint: Checkpoint;
  /** Ends the thread, in which no checkpoint may be under way. */
  close(): Promise<void>;
}

/** @param file path of the database */
export function checkpointThread(file: string): CheckpointThread {
  let worker: Worker | undefined;

  function start(): Worker {
    const started = new Worker(new URL("./sqlite-checkpoint-thread.js", import.meta.url), {
      workerData: file,
      name: "checkpoints",
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    });
    // Whoever waits for an answer is told as well; the next checkpoint starts another thread.
    started.on("error", () => (worker = undefined));
    // Keeps no process alive but while it is asked.
    started.unref();
    return started;
  }

  return {
    async checkpoint() {
      worker ??= start();
      const asked = worker;
      asked.ref();
      asked.postMessage("checkpoint");
      const [answer] = (await once(asked, "message")) as [Answer];
      asked.unref();
      if ("error" in answer) throw new Error(answer.error);
      return answer.complete;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
