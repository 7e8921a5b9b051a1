import { Code, ConnectError } from "@connectrpc/connect";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../services/runtime/clock.ts";
import { withDeadline } from "../deadline.ts";
import { overloadedFault } from "../surfaces/fault.ts";

/**
 * What is revoked must be dead everywhere within 10 s (operations.md). The age of an answer counts from when it was
 * asked for, and the last second is for requests that passed here and are not answered yet.
 */
const FRESH_MS = 9_000;
/** From this age on an answer is renewed in the background, so that what is in use never waits for it. */
const RENEW_MS = 6_000;
/** What is unknown may be created at any moment; meanwhile its repetitions cost identity nothing. */
const UNKNOWN_FRESH_MS = 2_000;
/** How long answers outlive identity's last word while it cannot be reached. */
const STALE_MS = 3_600_000;
/** How long a cached answer serves without asking again after identity failed, so that nobody waits for a hung one. */
const FAILURE_PAUSE_MS = 1_000;
const LOOKUP_TIMEOUT_MS = 2_000;
/** Lookups under way at once: beyond it a flood of made-up names is refused rather than passed on. */
const MAX_LOOKUPS = 256;
const MAX_KNOWN = 10_000;
const MAX_UNKNOWN = 10_000;

export interface LookupCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface CachedLookupOptions<T> {
  readonly clock: Clock;
  /** What to keep where an answer follows an earlier one; the later one where absent. */
  readonly merge?: (before: T, now: T) => T;
}

/**
 * Looks something up by its id with `ask`, which resolves with undefined where there is no such thing. Rejects with an
 * overloaded `RequestFault` where it cannot be asked and nothing is cached: that is never an unknown thing.
 */
export type CachedLookup<T> = (id: string, ask: (call: LookupCall) => Promise<T | undefined>) => Promise<T | undefined>;

interface Known<T> {
  readonly value: T;
  /** When the answer was asked for, milliseconds. */
  readonly askedMs: number;
  /** When it last could not be renewed, milliseconds. */
  failedMs?: number;
}

/** Asks for each id at most once at a time and remembers what was answered. */
export function createCachedLookup<T>({ clock, merge = (_, now) => now }: CachedLookupOptions<T>): CachedLookup<T> {
  const known = new LRUCache<string, Known<T>>({ max: MAX_KNOWN });
  // Apart from the known ones, so that made-up names cannot push those out.
  const unknown = new LRUCache<string, number>({ max: MAX_UNKNOWN });
  const lookups = new Map<string, Promise<T | undefined>>();

  function isWithin(sinceMs: number | undefined, durationMs: number): boolean {
    if (sinceMs === undefined) return false;
    const age = clock.now() - sinceMs;
    // A negative age means that the clock was set back: nothing can be said about the age.
    return age >= 0 && age < durationMs;
  }

  function remember(id: string, answer: T | undefined, askedMs: number): T | undefined {
    if (answer === undefined) {
      known.delete(id);
      unknown.set(id, askedMs);
      return undefined;
    }
    const before = known.get(id);
    const value = before === undefined ? answer : merge(before.value, answer);
    known.set(id, { value, askedMs });
    return value;
  }

  async function askFor(id: string, ask: (call: LookupCall) => Promise<T | undefined>): Promise<T | undefined> {
    const askedMs = clock.now();
    const timeoutMs = LOOKUP_TIMEOUT_MS;
    try {
      return remember(id, await withDeadline({ clock, timeoutMs }, (signal) => ask({ signal, timeoutMs })), askedMs);
    } catch (error) {
      const before = known.get(id);
      if (before !== undefined) before.failedMs = clock.now();
      throw error;
    }
  }

  /** Joins the lookup of this id that is under way, or starts one. */
  function lookUp(id: string, ask: (call: LookupCall) => Promise<T | undefined>): Promise<T | undefined> {
    let lookup = lookups.get(id);
    if (lookup === undefined) {
      if (lookups.size >= MAX_LOOKUPS) {
        return Promise.reject(new ConnectError("too many lookups under way", Code.ResourceExhausted));
      }
      lookup = askFor(id, ask).finally(() => lookups.delete(id));
      lookups.set(id, lookup);
    }
    return lookup;
  }

  function staleOr(id: string, error: unknown): T {
    const stale = known.get(id);
    if (stale !== undefined && clock.now() - stale.askedMs < STALE_MS) return stale.value;
    throw overloadedFault(error);
  }

  return async (id, ask) => {
    const cached = known.get(id);
    if (cached !== undefined && isWithin(cached.askedMs, FRESH_MS)) {
      const isDue = !isWithin(cached.askedMs, RENEW_MS) && !isWithin(cached.failedMs, FAILURE_PAUSE_MS);
      // A failed renewal is noted with the answer; while that is fresh, it changes nothing for this request.
      if (isDue) lookUp(id, ask).catch(() => undefined);
      return cached.value;
    }
    if (cached === undefined && isWithin(unknown.get(id), UNKNOWN_FRESH_MS)) return undefined;
    if (cached !== undefined && isWithin(cached.failedMs, FAILURE_PAUSE_MS)) return staleOr(id, undefined);
    try {
      return await lookUp(id, ask);
    } catch (error) {
      return staleOr(id, error);
    }
  };
}
