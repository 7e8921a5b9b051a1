/** Texts by key, kept for later visits where the browser lets us, and for as long as the page lives where not. */
export interface Storage {
  get(key: string): string | undefined;
  set(key: string, text: string): void;
  remove(key: string): void;
  /** Keys that begin with a prefix, in no order. */
  keys(prefix: string): string[];
}

/** The page's localStorage; what it refuses (blocked, full, gone) is kept in memory. */
export function pageStorage(): Storage {
  const memory = new Map<string, string>();

  /** Even the mention of `localStorage` throws where it is blocked, and every call may. */
  function attempt<T>(use: (storage: globalThis.Storage) => T, otherwise: T): T {
    try {
      return use(localStorage);
    } catch {
      return otherwise;
    }
  }

  function remove(key: string): void {
    memory.delete(key);
    attempt((storage) => storage.removeItem(key), undefined);
  }

  return {
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(key), null) ?? undefined,
    set(key, text) {
      const isKept = attempt((storage) => {
        storage.setItem(key, text);
        return true;
      }, false);
      if (isKept) {
        memory.delete(key);
      } else {
        // What was kept before must not come back on the next visit, such as a user who has logged out since.
        remove(key);
        memory.set(key, text);
      }
    },
    remove,
    keys: (prefix) =>
      [...new Set([...attempt(Object.keys, []), ...memory.keys()])].filter((key) => key.startsWith(prefix)),
  };
}
