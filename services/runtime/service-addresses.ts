import { withDefault } from "./config.ts";
import { hostAndPort } from "./config-fields.ts";

/** Where the other services listen; by default the ports that follow each other on one machine. */
export const serviceAddresses = {
  ingestionAddress: withDefault("CARILLON_INGESTION_ADDRESS", hostAndPort, "127.0.0.1:9090"),
  identityAddress: withDefault("CARILLON_IDENTITY_ADDRESS", hostAndPort, "127.0.0.1:9091"),
  deviceAddress: withDefault("CARILLON_DEVICE_ADDRESS", hostAndPort, "127.0.0.1:9092"),
  trackingAddress: withDefault("CARILLON_TRACKING_ADDRESS", hostAndPort, "127.0.0.1:9093"),
};
