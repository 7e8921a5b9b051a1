import type { Clock } from "../../services/runtime/clock.ts";
import type { RateLimitDecision, RateLimiter, RateLimitRule } from "./rate-limiter.ts";

/** Keys remembered per rule, about 100 bytes each: more addresses than one process serves in a second. */
const MAX_KEYS = 100_000;

interface Window {
  count: number;
  endMs: number;
}

export interface InProcessRateLimiterOptions {
  readonly clock: Clock;
  /** Keys remembered per rule. */
  readonly maxKeys?: number;
}

/** A limiter that can also be asked and told things at once, for one that shares counts to build upon. */
export interface InProcessRateLimiter extends RateLimiter {
  /** As `consume`, without a promise. */
  consumeNow(rule: RateLimitRule, key: string): RateLimitDecision;
  /** Refuses `key` until `untilMs` (milliseconds since 1970), at most one window from now. */
  block(rule: RateLimitRule, key: string, untilMs: number): void;
}

/**
 * Counts in this process's memory, bounded: beyond `maxKeys` the keys whose windows began first are forgotten, so a
 * flood of addresses can at worst free others early.
 */
export function inProcessRateLimiter({ clock, maxKeys = MAX_KEYS }: InProcessRateLimiterOptions): InProcessRateLimiter {
  const windowsByRule = new Map<string, Map<string, Window>>();

  /** The key's running window, or a new one, which goes to the end: a rule's windows lie in the order of their ends. */
  function windowOf(rule: RateLimitRule, key: string, nowMs: number): Window {
    const windows = windowsByRule.get(rule.name) ?? new Map<string, Window>();
    windowsByRule.set(rule.name, windows);
    const running = windows.get(key);
    // An end further away than a window's length means that the clock was set back.
    if (running !== undefined && running.endMs > nowMs && running.endMs <= nowMs + rule.windowMs) return running;
    windows.delete(key);
    forget(windows, nowMs);
    const begun = { count: 0, endMs: nowMs + rule.windowMs };
    windows.set(key, begun);
    return begun;
  }

  /** Makes room: two ended windows for each new one, so that they vanish faster than they come. */
  function forget(windows: Map<string, Window>, nowMs: number): void {
    let ended = 0;
    for (const [key, { endMs }] of windows) {
      if (windows.size < maxKeys && (endMs > nowMs || ended === 2)) return;
      windows.delete(key);
      ended += 1;
    }
  }

  function consumeNow(rule: RateLimitRule, key: string): RateLimitDecision {
    const nowMs = clock.now();
    if (rule.limit === 0) return { allowed: true, limit: 0, remaining: 0, resetMs: nowMs };
    const window = windowOf(rule, key, nowMs);
    const allowed = window.count < rule.limit;
    if (allowed) window.count += 1;
    return { allowed, limit: rule.limit, remaining: rule.limit - window.count, resetMs: window.endMs };
  }

  return {
    consumeNow,
    consume: async (rule, key) => consumeNow(rule, key),
    block(rule, key, untilMs) {
      const nowMs = clock.now();
      if (untilMs <= nowMs) return;
      const window = windowOf(rule, key, nowMs);
      window.count = rule.limit;
      window.endMs = Math.min(untilMs, nowMs + rule.windowMs);
    },
  };
}
