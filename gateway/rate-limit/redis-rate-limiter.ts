import { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Logger } from "../../services/runtime/log.ts";
import { inProcessRateLimiter } from "./in-process-rate-limiter.ts";
import type { ClosableRateLimiter, RateLimitDecision, RateLimitRule } from "./rate-limiter.ts";

/** How long a request waits for Redis, in milliseconds: far beyond its usual answer, not felt by a client. */
const ANSWER_TIMEOUT_MS = 75;
/** How long Redis is left alone after it failed to answer, in milliseconds: one request a second tries it again. */
const PAUSE_MS = 1_000;
/** A connection that stays silent this long after a command is replaced, in milliseconds. */
const SILENT_CONNECTION_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

export interface RedisRateLimiterOptions {
  /** `redis://` or `rediss://` URL. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RedisRateLimiter extends ClosableRateLimiter {
  /** Whether the first attempt to connect succeeded; known within about 2 s. */
  readonly connectionTried: Promise<boolean>;
}

/**
 * Shares counts through Redis. This process's own count comes first, so that a key that is blocked already costs
 * Redis nothing; while Redis is gone or hangs, that count alone decides, and Redis is tried again once a second.
 */
export function redisRateLimiter({ url, clock, logger }: RedisRateLimiterOptions): RedisRateLimiter {
  const local = inProcessRateLimiter({ clock });
  const redis = connect(url);
  const shared = new Map<string, RateLimiterRedis>();
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let failing = false;

  // A lost connection shows when the next command fails, which is where it is logged.
  redis.on("error", (error) => logger.debug({ err: error }, "connection to Redis failed"));

  function sharedFor(rule: RateLimitRule): RateLimiterRedis {
    const name = `${rule.name}:${rule.limit}`;
    let limiter = shared.get(name);
    if (limiter === undefined) {
      limiter = new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `carillon:limit:${name}`,
        points: rule.limit,
        duration: rule.windowMs / 1000,
        rejectIfRedisNotReady: true,
      });
      shared.set(name, limiter);
    }
    return limiter;
  }

  function noteFailure(error: unknown): void {
    if (!failing) logger.warn({ err: error }, "Redis does not answer; limits are per process until it does");
    failing = true;
    pausedUntilMs = clock.now() + PAUSE_MS;
  }

  function noteAnswer(): void {
    if (failing) logger.info("Redis answers again; limits are shared");
    failing = false;
  }

  /** The shared decision; null where Redis gave none. */
  async function askRedis(rule: RateLimitRule, key: string): Promise<RateLimitDecision | null> {
    const nowMs = clock.now();
    if (nowMs < pausedUntilMs && pausedUntilMs <= nowMs + PAUSE_MS) return null;
    // While it fails, one request tries; the others do not wait for its outcome.
    if (failing) pausedUntilMs = nowMs + PAUSE_MS;
    try {
      const result = await sharedFor(rule).consume(key);
      noteAnswer();
      return decision(rule, result, true);
    } catch (error) {
      if (error instanceof RateLimiterRes) {
        noteAnswer();
        return decision(rule, error, false);
      }
      noteFailure(error);
      return null;
    }
  }

  function decision(rule: RateLimitRule, result: RateLimiterRes, allowed: boolean): RateLimitDecision {
    const resetMs = clock.now() + Math.max(0, result.msBeforeNext);
    return { allowed, limit: rule.limit, remaining: result.remainingPoints, resetMs };
  }

  return {
    async consume(rule, key) {
      const own = local.consumeNow(rule, key);
      if (!own.allowed || rule.limit === 0) return own;
      const answer = await askRedis(rule, key);
      if (answer === null) return own;
      if (!answer.allowed) local.block(rule, key, answer.resetMs);
      return answer;
    },
    connectionTried: firstAttempt(redis),
    close: () => redis.disconnect(),
  };
}

/** Until the first connection is usable or lost; a silent Redis loses it by the timeouts of `connect`. */
function firstAttempt(redis: Redis): Promise<boolean> {
  return new Promise((resolve) => {
    redis.once("ready", () => resolve(true));
    redis.once("close", () => resolve(false));
  });
}

function connect(url: string): Redis {
  return new Redis(url, {
    commandTimeout: ANSWER_TIMEOUT_MS,
    socketTimeout: SILENT_CONNECTION_MS,
    connectTimeout: SILENT_CONNECTION_MS,
    // A count that arrives late is of no use: nothing waits for a connection, nothing is sent twice.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 50, MAX_RECONNECT_DELAY_MS),
  });
}
