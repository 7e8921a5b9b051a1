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

  return {
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(key), null) ?? undefined,
    set(key, text) {
      const isKept = attempt((storage) => {
        storage.setItem(key, text);
        return true;
      }, false);
      if (isKept) memory.delete(key);
      else memory.set(key, text);
    },
    remove(key) {
      memory.delete(key);
      attempt((storage) => storage.removeItem(key), undefined);
    },
    keys(prefix) {
      const kept = attempt((storage) => Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? ""), []);
      return [...new Set([...kept, ...memory.keys()])].filter((key) => key.startsWith(prefix));
    },
  };
}
