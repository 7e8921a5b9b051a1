import { DatabaseSync } from "node:sqlite";
import { StoreUnavailableError } from "../../services/runtime/store-unavailable-error.ts";
import { type BatchRunner, createBatchRunner } from "../../services/storage/sqlite-batch.ts";
import type { SqliteDatabase } from "../../services/storage/sqlite-database.ts";
import type { PreparedPrograms, SqliteClient, SqlitePrograms } from "../../services/storage/sqlite-programs.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** What is on a service's disk: survives the processes that use it. */
export interface Disk {
  readonly runner: BatchRunner;
  readonly db: DatabaseSync;
  readonly prepared: Map<string, PreparedPrograms>;
}

export function createDisk(): Disk {
  const db = new DatabaseSync(":memory:");
  return { db, runner: createBatchRunner(db), prepared: new Map() };
}

/** What may happen to a process at its durable steps. */
export interface StoreFaults {
  /** Called before and after every write with the name of the step, e.g. `events.insert`; may end the process. */
  step(when: "before" | "after", name: string): void;
  /** Whether the store refuses this call, without having done anything. */
  refuses(): boolean;
  /** Milliseconds that a call takes. */
  delayMs(): number;
}

/**
 * A disk as one process sees it: the real programs and SQL, run in the order in which calls come due.
 *
 * Several processes may have one disk, as replicas have one MongoDB: each call is atomic, and nothing more.
 */
export function simulatedDatabase(
  disk: Disk,
  { life, time, faults }: { readonly life: Life; readonly time: VirtualTime; readonly faults: StoreFaults },
): SqliteDatabase {
  function call(
    name: string,
    { run, writes }: { readonly run: () => unknown; readonly writes: boolean },
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      time.after(faults.delayMs(), () => {
        if (!life.alive) return;
        if (faults.refuses())
          return reject(new StoreUnavailableError("the simulated store refuses", { reason: "failed" }));
        if (writes) faults.step("before", name);
        if (!life.alive) return;
        const [answer] = writes ? disk.runner.write([run]) : [disk.runner.read(run)];
        if (answer === undefined || "error" in answer) return reject(answer?.error);
        if (writes) faults.step("after", name);
        time.after(0, () => {
          if (life.alive) resolve(structuredClone(answer.value));
        });
      });
    });
  }

  return {
    async load<P extends PreparedPrograms>(programs: SqlitePrograms<P>): Promise<SqliteClient<P>> {
      let prepared = disk.prepared.get(programs.name) as P | undefined;
      if (prepared === undefined) {
        programs.migrate(disk.db);
        prepared = programs.prepare(disk.db);
        disk.prepared.set(programs.name, prepared);
      }
      const client: Record<string, (args: unknown) => Promise<unknown>> = {};
      for (const writes of [true, false]) {
        for (const [name, program] of Object.entries(writes ? prepared.writes : prepared.reads)) {
          client[name] = (args) => {
            const copied = structuredClone(args) as never;
            return call(`${programs.name}.${name}`, { run: () => program(copied), writes });
          };
        }
      }
      return client as SqliteClient<P>;
    },
    sync: async () => undefined,
    durability: "commit",
    queueAgeMs: () => 0,
    healthy: async () => true,
    close: async () => undefined,
  };
}
