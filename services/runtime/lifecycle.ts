import type { Logger } from "./log.ts";

/** What a process has started, stopped in reverse order. */
export interface Lifecycle {
  /** Has `stop` run when the process stops, before what was added earlier. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Stops everything, once; whatever fails is logged and does not keep the rest from stopping. Whether all went well. */
  stop(): Promise<boolean>;
}

/** Keeps what has to be stopped when the process ends; a failure to stop something is logged. */
export function createLifecycle(log: Logger): Lifecycle {
  const stops: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<boolean> | undefined;

  async function stopAll(): Promise<boolean> {
    let well = true;
    for (let next = stops.pop(); next; next = stops.pop()) {
      try {
        await next.stop();
      } catch (error) {
        well = false;
        log.error({ err: error }, `could not stop ${next.name}`);
      }
    }
    return well;
  }

  return {
    onStop: (name, stop) => stops.push({ name, stop }),
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
