import { Counter, type Registry } from "prom-client";
import type { RateLimiter } from "./rate-limiter.ts";

/** The limiter with its decisions counted by rule. */
export function measuredRateLimiter(limiter: RateLimiter, registry: Registry): RateLimiter {
  const decisions = new Counter({
    name: "carillon_gateway_rate_limit_decisions_total",
    help: "Decisions of the rate limiter, by rule.",
    labelNames: ["rule", "decision"],
    registers: [registry],
  });
  return {
    async consume(rule, key) {
      const decision = await limiter.consume(rule, key);
      decisions.inc({ rule: rule.name, decision: decision.allowed ? "allowed" : "refused" });
      return decision;
    },
  };
}
