import { secretHash } from "../credentials/secret-comparison.ts";
import type { RateLimitDecision } from "../rate-limit/rate-limiter.ts";
import { RequestFault } from "./fault.ts";
import type { SurfaceContext } from "./surface-context.ts";

/** The name that a key is counted under: its hash, as for everything else that is kept of a key. */
export function serverLimitKey(key: string): string {
  return secretHash(key).toString("base64");
}

/**
 * Counts one request against the limit of its key, which all server-to-server endpoints share. Before anything is
 * known of the key, so that a wrong one costs the store of keys no more requests than a right one may.
 */
export function countServerRequest(context: SurfaceContext, key: string): Promise<RateLimitDecision> {
  return context.rateLimiter.consume(context.serverRule, serverLimitKey(key));
}

/** Rejects with a `rate_limited` fault where the decision was against the request. */
export function requireAllowed(context: SurfaceContext, { allowed, limit, resetMs }: RateLimitDecision): void {
  if (allowed) return;
  const waitMs = resetMs - context.clock.now();
  throw new RequestFault({ kind: "rate_limited", limit, windowMs: context.serverRule.windowMs, waitMs });
}
