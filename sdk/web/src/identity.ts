import type { Storage } from "./storage.ts";
import { randomUuid } from "./uuid.ts";

/** Who the events of this browser belong to. */
export interface Identity {
  /** The user named last in any tab, else the browser's own `web:{uuid}`. */
  userId(): string;
  /** Names the user; null: a new browser id takes over. */
  setUserId(id: string | null): void;
}

/** An identity under one key of the storage. It is read for every event, because another tab may change it. */
export function createIdentity(storage: Storage, key: string): Identity {
  return {
    userId() {
      const known = storage.get(key);
      if (known !== undefined) return known;
      storage.set(key, `web:${randomUuid()}`);
      // As stored now: of two tabs that open at once, one wins.
      return storage.get(key)!;
    },
    setUserId: (id) => storage.set(key, id ?? `web:${randomUuid()}`),
  };
}
