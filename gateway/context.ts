import type { Registry } from "prom-client";
import type { Clock } from "../services/runtime/clock.ts";
import type { Cidr } from "../services/runtime/config-fields.ts";
import type { Logger } from "../services/runtime/log.ts";
import type { Replicas } from "../services/runtime/replicas.ts";
import type { ServiceTransports } from "./operator/services.ts";
import type { RateLimiter } from "./rate-limit/rate-limiter.ts";

/** Milliseconds. */
export interface RequestTimes {
  /** For the headers. */
  readonly headersMs: number;
  /** For the whole request. */
  readonly requestMs: number;
  /** Between two looks for clients that took longer. */
  readonly checkMs: number;
}

/** Everything that a gateway needs from outside. */
export interface GatewayContext {
  readonly transports: ServiceTransports;
  /** Every process of ingestion: who tails events listens to all of them. */
  readonly ingestionReplicas: Replicas;
  /** Closed by whoever made it. */
  readonly rateLimiter: RateLimiter;
  /** Requests a second per client address and endpoint on the client-facing endpoints; 0 = off. */
  readonly clientRateLimit: number;
  /** Requests a minute per key on the server-to-server endpoints; 0 = off. */
  readonly serverRateLimit: number;
  readonly operatorToken: string;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly Cidr[];
  /** Whether what the gateway cannot serve without works; a gateway that is stopping is never ready. */
  readonly isReady: () => boolean;
  /** How long a client may take to send a request; the default where absent, shorter in tests. */
  readonly requestTimes?: RequestTimes;
  /** Where its measurements go. */
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}
