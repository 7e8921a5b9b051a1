import { describe, expect, test } from "vitest";
import { runMaintenance } from "../../../services/identity/maintenance.ts";
import type { IdentityStore } from "../../../services/identity/store.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";
import type { DocumentPageQuery, VersionedDocuments } from "../../../services/storage/versioned-documents.ts";
import { virtualClock } from "../../contract/identity/virtual-clock.ts";

const unused = () => Promise.reject(new Error("not asked by maintenance"));
const documents: VersionedDocuments<never> = {
  load: unused,
  save: unused,
  remove: unused,
  page: unused,
  filed: unused,
};

describe("maintenance", () => {
  test("goes on every ten minutes after a store that was unavailable, and ends when it is told to", async () => {
    const clock = virtualClock(0);
    const stopping = new AbortController();
    const lines: string[] = [];
    const log = createLogger({ name: "test", level: "warn", destination: { write: (line) => lines.push(line) } });
    const passes: number[] = [];
    const store: IdentityStore = {
      apps: documents,
      keys: documents,
      merges: { ...documents, remove: () => Promise.resolve(), page: () => Promise.resolve([]) },
      profiles: {
        ...documents,
        remove: () => Promise.resolve(),
        page(_: DocumentPageQuery) {
          passes.push(clock.now());
          if (passes.length === 3) stopping.abort();
          if (passes.length !== 1) return Promise.resolve([]);
          return Promise.reject(new StoreUnavailableError("down", { reason: "failed" }));
        },
      },
    };
    await runMaintenance({ store, clock, log }, stopping.signal);
    expect(passes).toEqual([0, 600_000, 1_200_000]);
    expect(lines).toHaveLength(1);
  });
});
