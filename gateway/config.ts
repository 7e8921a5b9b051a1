import { type Config, optional, required, withDefault } from "../services/runtime/config.ts";
import { type Cidr, cidrs, host, hostAndPort, integer, port, secret, url } from "../services/runtime/config-fields.ts";
import { tlsSettings } from "../services/runtime/tls.ts";

const rateLimit = integer({ min: 0, max: 1_000_000 });
const nobody: readonly Cidr[] = [];

/** What a gateway reads from the environment, wherever its services run (operations.md). */
export const gatewaySettings = {
  host: withDefault("CARILLON_HOST", host, "127.0.0.1"),
  httpPort: withDefault("CARILLON_HTTP_PORT", port, 8080),
  metricsPort: withDefault("CARILLON_METRICS_PORT", port, 9464),
  redisUrl: optional("CARILLON_REDIS_URL", url(["redis", "rediss"])),
  rateLimit: withDefault("CARILLON_RATE_LIMIT", rateLimit, 10),
  serverRateLimit: withDefault("CARILLON_SERVER_RATE_LIMIT", rateLimit, 1000),
  trustedProxies: withDefault("CARILLON_TRUSTED_PROXIES", cidrs, nobody),
};

/** What a gateway reads that runs as a process of its own; the ports are those of `npm run start:services`. */
export const processSettings = {
  ...gatewaySettings,
  ...tlsSettings,
  operatorToken: required("CARILLON_OPERATOR_TOKEN", secret),
  ingestionAddress: withDefault("CARILLON_INGESTION_ADDRESS", hostAndPort, "127.0.0.1:9090"),
  identityAddress: withDefault("CARILLON_IDENTITY_ADDRESS", hostAndPort, "127.0.0.1:9091"),
  deviceAddress: withDefault("CARILLON_DEVICE_ADDRESS", hostAndPort, "127.0.0.1:9092"),
  trackingAddress: withDefault("CARILLON_TRACKING_ADDRESS", hostAndPort, "127.0.0.1:9093"),
};

/** The settings of a gateway process. */
export type ProcessConfig = Config<typeof processSettings>;
