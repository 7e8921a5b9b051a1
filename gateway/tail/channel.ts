/** Hands values over from several writers to one reader, one at a time: a writer goes on once its value was taken. */
export interface Channel<T> {
  /** Resolves when the value was taken, or never will be. */
  put(value: T): Promise<void>;
  /** The next value; rejects with the signal's reason once that aborts. */
  take(): Promise<T>;
}

/** A channel that is of use until the signal aborts. */
export function createChannel<T>(signal: AbortSignal): Channel<T> {
  const offered: { readonly value: T; readonly taken: () => void }[] = [];
  let wake: (() => void) | undefined;
  signal.addEventListener(
    "abort",
    () => {
      for (const { taken } of offered.splice(0)) taken();
      wake?.();
    },
    { once: true },
  );
  return {
    put(value) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((taken) => {
        offered.push({ value, taken });
        wake?.();
      });
    },
    async take() {
      for (;;) {
        signal.throwIfAborted();
        const next = offered.shift();
        if (next !== undefined) {
          next.taken();
          return next.value;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
