import process from "node:process";
import { systemClock as clock } from "../services/runtime/clock.ts";
import { optional } from "../services/runtime/config.ts";
import { secret } from "../services/runtime/config-fields.ts";
import { createMetrics, serveMetrics } from "../services/runtime/metrics.ts";
import { type RunningProcess, runProcess } from "../services/runtime/process.ts";
import { serviceAddresses } from "../services/runtime/service-addresses.ts";
import { listenSettings, storeSettings } from "../services/runtime/service-settings.ts";
import { startServicesThread } from "../services/together/services-thread.ts";
import { gatewaySettings } from "./config.ts";
import { openRateLimiter } from "./rate-limit/open-rate-limiter.ts";
import { readyMessage } from "./ready-message.ts";
import { createGateway } from "./server.ts";

const settings = {
  ...listenSettings,
  ...storeSettings,
  ...gatewaySettings,
  // Not used, as all services are in this process; but a wrong value is never passed over.
  ...serviceAddresses,
  operatorToken: optional("CARILLON_OPERATOR_TOKEN", secret),
};

await runProcess({ name: "carillon", environment: process.env, settings, start });

/** The gateway in this thread, the four services with their database in another (decision 0010). */
async function start({ config, log, logLevel, lifecycle }: RunningProcess<typeof settings>): Promise<void> {
  const { host, dataDir, databaseUrl, grpcPort, tlsDir, operatorToken } = config;
  const services = await startServicesThread({
    settings: { host, dataDir, databaseUrl, grpcPort, tlsDir, operatorToken, logLevel },
    onUnexpectedEnd(error) {
      log.fatal({ err: error }, "the services have ended");
      process.exit(1);
    },
  });
  lifecycle.onStop("services", services.stop);
  const registry = createMetrics();
  const metrics = {
    contentType: registry.contentType,
    metrics: async () => `${await registry.metrics()}${await services.metrics()}`,
  };
  const metricsServer = await serveMetrics(metrics, { host, port: config.metricsPort });
  lifecycle.onStop("metrics", metricsServer.close);
  const rateLimiter = await openRateLimiter(config.redisUrl, { clock, logger: log });
  lifecycle.onStop("rate limiter", rateLimiter.close);
  const { transport } = services;
  const gateway = await createGateway({
    transports: { ingestion: transport, identity: transport, device: transport, tracking: transport },
    ingestionReplicas: {
      addresses: async () => ["this process"],
      connect: () => ({ ...transport, close: () => undefined }),
    },
    rateLimiter,
    clientRateLimit: config.rateLimit,
    serverRateLimit: config.serverRateLimit,
    operatorToken: services.credentials.operatorToken,
    trustedProxies: config.trustedProxies,
    isReady: services.isReady,
    metrics: registry,
    clock,
    logger: log,
  });
  lifecycle.onStop("gateway", gateway.close);
  const httpPort = await gateway.listen({ host, port: config.httpPort });
  const ports = { httpPort, grpcPort: services.grpcPort, metricsPort: metricsServer.port };
  const { app } = services.credentials;
  process.stdout.write(readyMessage({ host, ...ports, dataDir, app, now: clock.now() }));
}
