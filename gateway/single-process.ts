import { randomUUID } from "node:crypto";
import process from "node:process";
import type { Transport } from "@connectrpc/connect";
import { openDevice } from "../services/device/open.ts";
import { openDemoCredentials } from "../services/identity/demo-credentials.ts";
import { openIdentity } from "../services/identity/open.ts";
import { measureIngestion } from "../services/ingestion/measure-ingestion.ts";
import { openIngestion } from "../services/ingestion/open.ts";
import { runInBackground } from "../services/runtime/background-work.ts";
import { systemClock as clock } from "../services/runtime/clock.ts";
import { optional } from "../services/runtime/config.ts";
import { secret } from "../services/runtime/config-fields.ts";
import { demoCredentialsFile } from "../services/runtime/demo-credentials-file.ts";
import { createGrpcServer } from "../services/runtime/grpc-server.ts";
import { watchHealth } from "../services/runtime/health.ts";
import { answeringAfter } from "../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../services/runtime/local-transport.ts";
import { measureCalls } from "../services/runtime/measure-calls.ts";
import { createMetrics, serveMetrics } from "../services/runtime/metrics.ts";
import { type RunningProcess, runProcess } from "../services/runtime/process.ts";
import { serviceAddresses } from "../services/runtime/service-addresses.ts";
import { listenSettings, storeSettings } from "../services/runtime/service-settings.ts";
import { openTls } from "../services/runtime/tls.ts";
import { measureDatabase } from "../services/storage/measure-database.ts";
import { closeDatabase, databaseHealthy, openCommonDatabase, syncDatabase } from "../services/storage/open-database.ts";
import { openTracking } from "../services/tracking/open.ts";
import { gatewaySettings } from "./config.ts";
import { openRateLimiter } from "./rate-limit/open-rate-limiter.ts";
import { readyMessage } from "./ready-message.ts";
import { createGateway } from "./server.ts";

/** Milliseconds that running gRPC calls may take to end when the process stops. */
const GRPC_DRAIN_MS = 2_000;

const settings = {
  ...listenSettings,
  ...storeSettings,
  ...gatewaySettings,
  // Not used, as all services are in this process; but a wrong value is never passed over.
  ...serviceAddresses,
  operatorToken: optional("CARILLON_OPERATOR_TOKEN", secret),
};

await runProcess({ name: "carillon", environment: process.env, settings, start });

async function start({ config, log, lifecycle }: RunningProcess<typeof settings>): Promise<void> {
  const metrics = createMetrics();
  const opened = await openCommonDatabase({ url: config.databaseUrl, dataDir: config.dataDir });
  const database = measureDatabase(opened, metrics);
  lifecycle.onStop("database", () => closeDatabase(database));

  // The services call each other, so each is given the way to all of them before all of them are there.
  let local: Transport | undefined;
  const reachable = (): Transport => {
    if (local === undefined) throw new Error("a service was called before all services were open");
    return local;
  };
  const transport: Transport = {
    unary: (...call) => reachable().unary(...call),
    stream: (...call) => reachable().stream(...call),
  };
  const transports = { ingestion: transport, identity: transport, device: transport, tracking: transport };
  const [ingestion, identity, device, tracking] = await Promise.all([
    openIngestion({ database, transports, clock, log, owner: randomUUID() }),
    openIdentity({ database, transports, clock, log, random: Math.random }),
    openDevice({ database, transports, clock, random: Math.random }),
    openTracking({ database, transports, clock, log, random: Math.random }),
  ]);
  const ingestionServices = measureIngestion(ingestion, { registry: metrics, clock });
  const services = [...ingestionServices, ...identity.services, ...device, ...tracking.services].map(
    measureCalls(metrics),
  );
  local = createLocalTransport(services, { log });
  // Among themselves the services go on at once; what is told outside is on the disk first (decision 0010).
  const durableServices = services.map((service) => answeringAfter(service, () => syncDatabase(database)));
  lifecycle.onStop("effects", () => ingestion.stop());
  ingestion.start();
  runInBackground(lifecycle, "maintenance of identity", identity.maintain);
  runInBackground(lifecycle, "maintenance of tracking", tracking.maintain);

  const { operatorToken, app } = await openDemoCredentials({
    store: identity.store,
    clock,
    file: demoCredentialsFile(config.dataDir),
    operatorToken: config.operatorToken,
  });
  const { host } = config;
  const metricsServer = await serveMetrics(metrics, { host, port: config.metricsPort });
  lifecycle.onStop("metrics", metricsServer.close);

  const tls = await openTls(config.tlsDir, { clock, log, lifecycle });
  const grpcServer = createGrpcServer({ services: durableServices, log, tls });
  const grpcPort = await grpcServer.listen({ host, port: config.grpcPort });
  lifecycle.onStop("gRPC", () => grpcServer.close(GRPC_DRAIN_MS));
  lifecycle.onStop("tails", ingestion.endTails);
  let ready = false;
  const health = await watchHealth({
    needs: { store: () => databaseHealthy(database) },
    report(isReady) {
      ready = isReady;
      grpcServer.setServing(isReady);
    },
    clock,
    log,
  });
  lifecycle.onStop("health", health.stop);

  const rateLimiter = await openRateLimiter(config.redisUrl, { clock, logger: log });
  lifecycle.onStop("rate limiter", rateLimiter.close);
  const durable = createLocalTransport(durableServices, { log });
  const gateway = await createGateway({
    transports: { ingestion: durable, identity: durable, device: durable, tracking: durable },
    ingestionReplicas: {
      addresses: async () => ["this process"],
      connect: () => ({ ...durable, close: () => undefined }),
    },
    rateLimiter,
    clientRateLimit: config.rateLimit,
    serverRateLimit: config.serverRateLimit,
    operatorToken,
    trustedProxies: config.trustedProxies,
    isReady: () => ready,
    metrics,
    clock,
    logger: log,
  });
  lifecycle.onStop("gateway", gateway.close);
  const httpPort = await gateway.listen({ host, port: config.httpPort });
  const ports = { httpPort, grpcPort, metricsPort: metricsServer.port };
  process.stdout.write(readyMessage({ host, ...ports, dataDir: config.dataDir, app, now: clock.now() }));
}
