import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** Milliseconds between two looks at what a process needs, and the most that one may take. */
const intervalMs = 2_000;

export interface HealthOptions {
  /** What the process cannot serve without, by name, e.g. the store's `healthy`. */
  readonly needs: Readonly<Record<string, () => Promise<boolean>>>;
  /** Told the outcome of each look. */
  report(ready: boolean): void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whether a process is ready, looked at again and again until it is stopped. */
export interface Health {
  stop(): Promise<void>;
}

/** Looks once before it resolves, then every two seconds; what neither says yes nor no in time counts as no. */
export async function watchHealth({ needs, report, clock, log }: HealthOptions): Promise<Health> {
  const stopped = new AbortController();
  let last = new Set<string>();

  async function look(): Promise<void> {
    const missing = new Set<string>();
    const asked = Object.entries(needs).map(async ([name, healthy]) => {
      if (!(await inTime(healthy, clock))) missing.add(name);
    });
    await Promise.all(asked);
    for (const name of missing) if (!last.has(name)) log.warn({ need: name }, "not ready");
    for (const name of last) if (!missing.has(name)) log.info({ need: name }, "ready again");
    last = missing;
    if (!stopped.signal.aborted) report(missing.size === 0);
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await clock.sleep(intervalMs, stopped.signal).catch(() => "stopped");
      if (!stopped.signal.aborted) await look();
    }
  }

  await look();
  const watching = watch();
  return {
    async stop() {
      stopped.abort();
      await watching;
    },
  };
}

async function inTime(healthy: () => Promise<boolean>, clock: Clock): Promise<boolean> {
  const answered = new AbortController();
  const late = clock.sleep(intervalMs, answered.signal).then(
    () => false,
    () => false,
  );
  const answer = await Promise.race([healthy().catch(() => false), late]);
  answered.abort();
  return answer;
}
