import { optional, withDefault } from "./config.ts";
import { host, mongodbUrl, port, text } from "./config-fields.ts";
import { tlsSettings } from "./tls.ts";

/** Where a process listens. */
export const listenSettings = {
  host: withDefault("CARILLON_HOST", host, "127.0.0.1"),
  grpcPort: withDefault("CARILLON_GRPC_PORT", port, 9090),
  metricsPort: withDefault("CARILLON_METRICS_PORT", port, 9464),
  ...tlsSettings,
};

/** Where a service keeps what it owns. */
export const storeSettings = {
  dataDir: withDefault("CARILLON_DATA_DIR", text, "./data"),
  databaseUrl: optional("CARILLON_DATABASE_URL", mongodbUrl),
};
