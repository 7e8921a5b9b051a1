import process from "node:process";
import type { Registry } from "prom-client";
import { type Clock, systemClock } from "../services/runtime/clock.ts";
import { connectTo } from "../services/runtime/connections.ts";
import { createGrpcTransport } from "../services/runtime/grpc-transport.ts";
import { watchHealth } from "../services/runtime/health.ts";
import type { Lifecycle } from "../services/runtime/lifecycle.ts";
import type { Logger } from "../services/runtime/log.ts";
import { createMetrics, serveMetrics } from "../services/runtime/metrics.ts";
import { type RunningProcess, runProcess } from "../services/runtime/process.ts";
import { replicasOf } from "../services/runtime/replicas.ts";
import { openTls, type Tls } from "../services/runtime/tls.ts";
import { urlHost } from "../services/runtime/url-host.ts";
import { type ProcessConfig, processSettings } from "./config.ts";
import type { GatewayContext } from "./context.ts";
import { openRateLimiter } from "./rate-limit/open-rate-limiter.ts";
import { createGateway } from "./server.ts";
import { serviceHealth } from "./service-health.ts";

await runProcess({ name: "gateway", environment: process.env, settings: processSettings, start });

async function start({ config, log, lifecycle }: RunningProcess<typeof processSettings>): Promise<void> {
  const metrics = createMetrics();
  const context = await createContext(config, { log, lifecycle, metrics, clock: systemClock });
  const { host } = config;
  const metricsServer = await serveMetrics(metrics, { host, port: config.metricsPort });
  lifecycle.onStop("metrics", metricsServer.close);
  const gateway = await createGateway(context);
  lifecycle.onStop("gateway", gateway.close);
  const port = await gateway.listen({ host, port: config.httpPort });
  log.info({ host, port, metricsPort: metricsServer.port }, `gateway listens on http://${urlHost(host)}:${port}`);
}

interface Surroundings {
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  readonly metrics: Registry;
  readonly clock: Clock;
}

async function createContext(config: ProcessConfig, surroundings: Surroundings): Promise<GatewayContext> {
  const { log, lifecycle, metrics, clock } = surroundings;
  const tls = await openTls(config.tlsDir, { clock, log, lifecycle });
  const addresses = {
    ingestion: config.ingestionAddress,
    identity: config.identityAddress,
    device: config.deviceAddress,
    tracking: config.trackingAddress,
  };
  const rateLimiter = await openRateLimiter(config.redisUrl, { clock, logger: log });
  lifecycle.onStop("rate limiter", rateLimiter.close);
  return {
    transports: connectTo(addresses, { tls, lifecycle }),
    ingestionReplicas: replicasOf({
      address: config.ingestionAddress,
      connect: (address, name) => createGrpcTransport(address, tls, name),
    }),
    rateLimiter,
    clientRateLimit: config.rateLimit,
    serverRateLimit: config.serverRateLimit,
    operatorToken: config.operatorToken,
    trustedProxies: config.trustedProxies,
    isReady: await watchServices(config, { ...surroundings, tls }),
    metrics,
    clock,
    logger: log,
  };
}

/**
 * Ready while ingestion is. Identity is needed to begin with; afterwards cached credentials serve on, and gateways that
 * all called themselves unready would make one service's outage everybody's. Device and tracking are not needed to
 * accept events.
 */
async function watchServices(
  config: ProcessConfig,
  surroundings: Surroundings & { readonly tls: Tls | undefined },
): Promise<() => boolean> {
  const { log, lifecycle, clock, tls } = surroundings;
  const ingestion = serviceHealth(config.ingestionAddress, tls);
  const identity = serviceHealth(config.identityAddress, tls);
  lifecycle.onStop("health of ingestion", ingestion.close);
  lifecycle.onStop("health of identity", identity.close);
  let identityWasServing = false;
  let ready = false;
  const health = await watchHealth({
    needs: {
      ingestion: ingestion.isServing,
      async identity() {
        identityWasServing ||= await identity.isServing();
        return identityWasServing;
      },
    },
    report(isReady) {
      ready = isReady;
    },
    clock,
    log,
  });
  lifecycle.onStop("health", health.stop);
  return () => ready;
}
