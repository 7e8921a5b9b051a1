import { fdatasync } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";

/** Puts a file's data on the disk (fdatasync of POSIX.1-2017), by its file descriptor. */
export type Datasync = (fd: number) => Promise<void>;

/** Puts a database's write-ahead log on the disk, beside the thread that writes it. */
export interface LogSync {
  /**
   * Resolves once everything committed by now is on the disk. What is asked for while the disk is at it shares the next
   * time. Rejects with `StoreUnavailableError` when the disk fails, and always from then on: the system may have dropped
   * what it could not write, and a later success would not tell.
   */
  sync(): Promise<void>;
  readonly failed: boolean;
  /** To be called when nobody waits any more. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * @param file the database's, in WAL mode and open until {@link LogSync.close}
 * @param datasync the system's, unless a test decides when the disk is done
 */
export async function openLogSync(file: string, datasync: Datasync = promisify(fdatasync)): Promise<LogSync> {
  const log = await open(`${file}-wal`, "r+");
  let waiting: Waiting[] = [];
  let running = false;
  let failure: StoreUnavailableError | undefined;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const covered = waiting;
      waiting = [];
      if (failure === undefined) {
        await datasync(log.fd).catch((cause: unknown) => {
          failure = new StoreUnavailableError(`${file}: the disk failed`, { reason: "failed", cause });
        });
      }
      for (const { resolve, reject } of covered) {
        if (failure === undefined) resolve();
        else reject(failure);
      }
    }
    running = false;
  }

  return {
    sync() {
      return new Promise<void>((resolve, reject) => {
        waiting.push({ resolve, reject });
        if (!running) void run();
      });
    },
    get failed() {
      return failure !== undefined;
    },
    close: () => log.close(),
  };
}
