import type { Storage } from "./storage.ts";
import { randomUuid } from "./uuid.ts";

/** A user as events name them; without a signature where none was given. */
export interface User {
  readonly user_id: string;
  readonly user_signature?: string;
}

/** Who the events of this browser belong to. */
export interface Identity {
  /** The user named last in any tab, else the browser's own `web:{uuid}`. */
  user(): User;
  /** Names the user; null: a new browser id takes over. */
  setUserId(id: string | null, signature?: string): void;
}

/** An identity under two keys of the storage. It is read for every event, because another tab may change it. */
export function createIdentity(storage: Storage, key: string): Identity {
  const signatureKey = `${key}:signature`;
  return {
    user() {
      if (storage.get(key) === undefined) storage.set(key, `web:${randomUuid()}`);
      // As stored now: of two tabs that open at once, one wins.
      const id = storage.get(key)!;
      // Another tab may have changed one of the two: a signature counts for the user beside it only.
      const [signature, ...owner] = (storage.get(signatureKey) ?? "").split(" ");
      return owner.join(" ") === id ? { user_id: id, user_signature: signature! } : { user_id: id };
    },
    setUserId(id, signature) {
      if (id === null || signature === undefined) storage.remove(signatureKey);
      else storage.set(signatureKey, `${signature} ${id}`);
      storage.set(key, id ?? `web:${randomUuid()}`);
    },
  };
}
