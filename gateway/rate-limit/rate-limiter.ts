/** How many requests may pass for each key within a window. */
export interface RateLimitRule {
  /** Tells one rule's counts from another's. */
  readonly name: string;
  /** Requests a window; 0 switches the rule off. */
  readonly limit: number;
  /** Length of the window, which begins with a key's first request; whole seconds in milliseconds. */
  readonly windowMs: number;
}

/** Whether a request may pass, and what its sender may be told. */
export interface RateLimitDecision {
  readonly allowed: boolean;
  /** The rule's limit; 0 where it is off. */
  readonly limit: number;
  /** Requests that may still pass within the window. */
  readonly remaining: number;
  /** When the window ends, milliseconds since 1970. */
  readonly resetMs: number;
}

/** Counts requests. Never rejects: where a shared count cannot be had, the process's own decides. */
export interface RateLimiter {
  /** Counts one request for `key` and says whether it may pass. */
  consume(rule: RateLimitRule, key: string): Promise<RateLimitDecision>;
}

/** A limiter that may hold a connection. */
export interface ClosableRateLimiter extends RateLimiter {
  close(): void;
}
