import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { collectDefaultMetrics, Registry } from "prom-client";
import { listenError } from "./listen-error.ts";

/** A registry of its own, with the process's default metrics, for everything that a process measures. */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Measurements in Prometheus's text format, e.g. a registry. */
export type MetricsSource = Pick<Registry, "contentType" | "metrics">;

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves measurements in Prometheus's text format at `/metrics`, that the process lives at `/healthz` and whether it is
 * ready at `/readyz`, for probes that cannot ask the gRPC health service (Kubernetes' own do not speak TLS).
 *
 * @param address port 0 picks a free one
 * @param isReady without it there is no `/readyz`
 */
export async function serveMetrics(
  measurements: MetricsSource,
  address: { readonly host: string; readonly port: number },
  isReady?: () => boolean,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path === "/metrics") {
      measurements.metrics().then(
        (text) => response.writeHead(200, { "content-type": measurements.contentType }).end(text),
        (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
      );
    } else if (path === "/healthz") response.writeHead(200).end("ok\n");
    else if (path === "/readyz" && isReady) {
      const ready = isReady();
      response.writeHead(ready ? 200 : 503).end(ready ? "ready\n" : "not ready\n");
    } else response.writeHead(404).end();
  });
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError({ ...address, setting: "CARILLON_METRICS_PORT" }, error);
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
