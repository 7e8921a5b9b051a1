import type { Storage } from "./storage.ts";
import { randomUuid } from "./uuid.ts";

/** Longer than a request may take (`REQUEST_TIMEOUT_MS` in post.ts), in milliseconds. */
const LEASE_MS = 15_000;
/** How often a tab looks whether the lease was given back, in milliseconds. */
const ASK_AGAIN_MS = 500;

/**
 * Does work that only one tab is to do at a time.
 *
 * @returns 0 when it is done; otherwise the milliseconds after which to ask again, and nothing was done
 */
export type Exclusive = (work: () => Promise<void>) => Promise<number>;

/** The Web Locks API, as far as it is used here. */
interface Locks {
  request(name: string, work: () => Promise<void>): Promise<void>;
}

/**
 * Exclusion by the Web Locks API where the page may use it (secure contexts with storage); otherwise by a lease in the
 * storage. That is not atomic: tabs that take it at the same instant both send, which event ids make harmless.
 */
export function createExclusive(storage: Storage, name: string): Exclusive {
  const owner = randomUuid();

  /** Whether the work was done. */
  async function withLock(work: () => Promise<void>): Promise<boolean> {
    const { locks } = navigator as { readonly locks?: Locks };
    if (locks === undefined) return false;
    let isBegun = false;
    try {
      await locks.request(name, () => {
        isBegun = true;
        return work();
      });
    } catch (error) {
      // Refused, as where the user blocks storage.
      if (isBegun) throw error;
    }
    return isBegun;
  }

  return async (work) => {
    if (await withLock(work)) return 0;
    const [holder, until] = storage.get(name)?.split(" ") ?? [];
    const leftMs = Number(until) - Date.now();
    // A lease that is longer than any lease was written before the clock went back.
    if (holder !== owner && leftMs > 0 && leftMs <= LEASE_MS) return ASK_AGAIN_MS;
    const lease = `${owner} ${Date.now() + LEASE_MS}`;
    storage.set(name, lease);
    if (storage.get(name) !== lease) return ASK_AGAIN_MS;
    try {
      await work();
    } finally {
      storage.remove(name);
    }
    return 0;
  };
}
