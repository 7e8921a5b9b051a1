import type { Storage } from "./storage.ts";
import { isText } from "./text.ts";
import { randomUuid } from "./uuid.ts";

/** Most characters of a user's id (http.md of the gateway's surfaces). */
export const MAX_USER_ID_CHARACTERS = 256;
/** An HMAC-SHA256 in hex. */
const SIGNATURE = /^[\da-f]{64}$/i;

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
      // What is no id was not written here, and every event with it would be refused.
      if (!isUserId(storage.get(key))) storage.set(key, browserId());
      // As stored now: of two tabs that open at once, one wins.
      const id = storage.get(key)!;
      // Another tab may have changed one of the two: a signature counts for the user beside it only.
      const [signature, ...owner] = (storage.get(signatureKey) ?? "").split(" ");
      return owner.join(" ") === id && isSignature(signature)
        ? { user_id: id, user_signature: signature }
        : { user_id: id };
    },
    setUserId(id, signature) {
      if (id === null || signature === undefined) storage.remove(signatureKey);
      else storage.set(signatureKey, `${signature} ${id}`);
      storage.set(key, id ?? browserId());
    },
  };
}

/** Whether the gateway takes this as a user's id. */
export function isUserId(value: unknown): value is string {
  return isText(value, MAX_USER_ID_CHARACTERS) && !value.startsWith("anon:");
}

/** Whether this can be a signature of a user's id. */
export function isSignature(value: unknown): value is string {
  return typeof value === "string" && SIGNATURE.test(value);
}

function browserId(): string {
  return `web:${randomUuid()}`;
}
