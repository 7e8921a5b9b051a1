import type { Registry } from "prom-client";
import type { Clock } from "./clock.ts";
import { createGrpcServer } from "./grpc-server.ts";
import { watchHealth } from "./health.ts";
import type { HostedService } from "./hosted-service.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./log.ts";
import { measureCalls } from "./measure-calls.ts";
import { serveMetrics } from "./metrics.ts";
import type { Tls } from "./tls.ts";
import { traceCalls } from "./trace-calls.ts";
import { tracing } from "./tracing.ts";

/** Milliseconds that running calls may take to end when the process stops. */
const DRAIN_MS = 5_000;

export interface ServeOptions {
  readonly services: readonly HostedService[];
  /** What the services cannot do without, by name. */
  readonly needs: Readonly<Record<string, () => Promise<boolean>>>;
  readonly host: string;
  readonly grpcPort: number;
  readonly metricsPort: number;
  /** Without it connections are not encrypted. */
  readonly tls: Tls | undefined;
  /** Where the process's measurements go, those of its calls included. */
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/**
 * Serves a process's services over gRPC, with health and reflection, and its metrics.
 *
 * @returns the ports, which were picked where 0 was asked for
 */
export async function serveGrpc(
  options: ServeOptions,
): Promise<{ readonly grpcPort: number; readonly metricsPort: number }> {
  const { needs, host, metrics, clock, log, lifecycle } = options;
  const trace = tracing();
  const measured = options.services.map(measureCalls(metrics));
  const services = trace === undefined ? measured : measured.map(traceCalls(trace));
  let ready = false;
  const metricsServer = await serveMetrics(metrics, { host, port: options.metricsPort }, () => ready);
  lifecycle.onStop("metrics", () => metricsServer.close());
  const server = createGrpcServer({ services, log, tls: options.tls });
  const grpcPort = await server.listen({ host, port: options.grpcPort });
  lifecycle.onStop("gRPC", () => server.close(DRAIN_MS));
  const report = (isReady: boolean) => {
    ready = isReady;
    server.setServing(isReady);
  };
  const health = await watchHealth({ needs, report, clock, log });
  lifecycle.onStop("health", async () => {
    await health.stop();
    report(false);
  });
  return { grpcPort, metricsPort: metricsServer.port };
}
