import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadOrder, LoadReport } from "./messages.ts";

/** A process that sends events. */
export interface LoadGenerator {
  /** One order at a time. Rejects where the process ends before it has reported. */
  run(order: LoadOrder): Promise<LoadReport>;
  stop(): void;
}

/** Starts a load generator: a process of its own, so that it shares nothing with what it measures but the machine. */
export function startLoadGenerator(): LoadGenerator {
  const child = fork(fileURLToPath(new URL("generator.ts", import.meta.url)));
  return {
    async run(order) {
      const settled = new AbortController();
      const { signal } = settled;
      child.send(order);
      const ended = once(child, "exit", { signal }).then(() => {
        throw new Error("the load generator has ended");
      });
      try {
        const [result] = await Promise.race([once(child, "message", { signal }), ended]);
        return result as LoadReport;
      } finally {
        ended.catch(() => "no longer waited for");
        settled.abort();
      }
    },
    stop() {
      child.disconnect();
    },
  };
}
