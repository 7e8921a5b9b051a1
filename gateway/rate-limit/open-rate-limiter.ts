import type { Clock } from "../../services/runtime/clock.ts";
import type { Logger } from "../../services/runtime/log.ts";
import { inProcessRateLimiter } from "./in-process-rate-limiter.ts";
import type { ClosableRateLimiter } from "./rate-limiter.ts";
import { redisRateLimiter } from "./redis-rate-limiter.ts";

/**
 * The limiter that the settings ask for: shared through Redis where there is a URL, else this process's own.
 *
 * A Redis that goes away later leaves each process its own count; one that is not there to begin with is more likely
 * a mistake in the settings, and limits that are silently not shared would hide it.
 *
 * @throws Error in one line where Redis cannot be reached
 */
export async function openRateLimiter(
  redisUrl: string | undefined,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<ClosableRateLimiter> {
  if (redisUrl === undefined) return { ...inProcessRateLimiter({ clock }), close: () => undefined };
  const limiter = redisRateLimiter({ url: redisUrl, clock, logger });
  if (await limiter.connectionTried) return limiter;
  limiter.close();
  // The host alone: the URL may hold a password.
  throw new Error(`Redis at ${new URL(redisUrl).host} cannot be reached (CARILLON_REDIS_URL)`);
}
