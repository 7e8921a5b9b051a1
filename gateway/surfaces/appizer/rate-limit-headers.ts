import { LRUCache } from "lru-cache";
import type { RateLimitDecision, RateLimitRule } from "../../rate-limit/rate-limiter.ts";
import type { Answer } from "../answer.ts";
import { bearerToken } from "../bearer-token.ts";
import { countServerRequest, requireAllowed, serverLimitKey } from "../server-limit.ts";
import type { RequestHead } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";

/** Keys whose last decision is remembered, about 150 bytes each. */
const MAX_KEYS = 10_000;
/** What stands for no limit: every response has the headers, and clients read them as 32-bit numbers. */
const UNLIMITED = 2_147_483_647;
/** On answers that browsers may read. */
const EXPOSED = "Retry-After, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";

/** The limit that an Appizer request is under, and how every response tells it. */
export interface AppizerLimits {
  /** Counts a request against its key; rejects with a `rate_limited` fault beyond the limit. */
  count(key: string): Promise<void>;
  /** The answer with `X-RateLimit-*`: the address's limit where that applies, else the key's. */
  told(head: RequestHead, answer: Answer): Answer;
}

/** The limits of the Appizer surface; what a response without a count of its own tells is the key's last one. */
export function createAppizerLimits(context: SurfaceContext): AppizerLimits {
  const decisions = new LRUCache<string, RateLimitDecision>({ max: MAX_KEYS });
  const { clock, serverRule, clientRule } = context;

  function limitOf(head: RequestHead): RateLimitDecision {
    if (head.rateLimit !== undefined) return head.rateLimit;
    if (isForBrowsers(head)) return notBegun(clientRule);
    const nowMs = clock.now();
    const key = bearerToken(head.headers.authorization);
    const last = key === null ? undefined : decisions.get(serverLimitKey(key));
    if (last !== undefined && last.resetMs > nowMs) return last;
    return notBegun(serverRule);
  }

  /** A window begins with its first request, and none is running. */
  function notBegun({ limit, windowMs }: Omit<RateLimitRule, "name">): RateLimitDecision {
    return { allowed: true, limit, remaining: limit, resetMs: clock.now() + windowMs };
  }

  return {
    async count(key) {
      const decision = await countServerRequest(context, key);
      decisions.set(serverLimitKey(key), decision);
      requireAllowed(context, decision);
    },
    told(head, answer) {
      const { limit, remaining, resetMs } = limitOf(head);
      const isOff = limit === 0;
      const headers = {
        ...answer.headers,
        "X-RateLimit-Limit": String(isOff ? UNLIMITED : limit),
        "X-RateLimit-Remaining": String(isOff ? UNLIMITED : Math.max(0, remaining)),
        "X-RateLimit-Reset": String(Math.ceil(resetMs / 1000)),
        ...(isForBrowsers(head) ? { "Access-Control-Expose-Headers": EXPOSED } : {}),
      };
      return { ...answer, headers };
    },
  };
}

function isForBrowsers({ path }: RequestHead): boolean {
  return path.startsWith("/v1/web/");
}
