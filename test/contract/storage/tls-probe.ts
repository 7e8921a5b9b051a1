import { openRateLimiter } from "../../../gateway/rate-limit/open-rate-limiter.ts";
import { systemClock } from "../../../services/runtime/clock.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { openMongodb } from "../../../services/storage/mongodb-database.ts";

/** Opens what a URL names, as a process does that is given it, and prints `true` if it works; fails otherwise. */
const url = process.argv[2] ?? "";
if (url.startsWith("redis")) {
  const logger = createLogger({ name: "probe", level: "silent" });
  const limiter = await openRateLimiter(url, { clock: systemClock, logger });
  const { allowed } = await limiter.consume({ name: "probe", limit: 10, windowMs: 1_000 }, "somebody");
  process.stdout.write(String(allowed));
  limiter.close();
} else {
  const database = await openMongodb(url);
  process.stdout.write(String(await database.healthy()));
  await database.close();
}
process.exit();
