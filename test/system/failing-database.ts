import { StoreUnavailableError } from "../../services/runtime/store-unavailable-error.ts";
import type { SqliteDatabase } from "../../services/storage/sqlite-database.ts";

/** Has all databases of a system fail together, as when their processes end. */
export interface Outage {
  /** Calls since it was last set. */
  readonly calls: number;
  /** The call with this number, counted from 0, and all later ones fail. That one `after` it was done or `before`. */
  begin(call: number, when: "before" | "after"): void;
  end(): void;
  /** What services get for their database. */
  readonly databaseOf: (service: string, database: SqliteDatabase) => SqliteDatabase;
}

type Programs = Record<string, (args: never) => Promise<unknown>>;

export function createOutage(): Outage {
  let calls = 0;
  let first = Number.POSITIVE_INFINITY;
  let when: "before" | "after" = "before";

  async function call(run: () => Promise<unknown>): Promise<unknown> {
    const number = calls++;
    if (number < first) return run();
    if (number === first && when === "after") await run();
    throw new StoreUnavailableError("out of order", { reason: "failed" });
  }

  return {
    get calls() {
      return calls;
    },
    begin(callNumber, moment) {
      [calls, first, when] = [0, callNumber, moment];
    },
    end() {
      [calls, first] = [0, Number.POSITIVE_INFINITY];
    },
    databaseOf: (_service, database) => ({
      ...database,
      async load(programs) {
        const loaded = await database.load(programs);
        const failing = Object.entries(loaded as Programs).map(
          ([name, run]) => [name, (args: never) => call(() => run(args))] as const,
        );
        return Object.fromEntries(failing) as typeof loaded;
      },
    }),
  };
}
