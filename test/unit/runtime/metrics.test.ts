import { Counter } from "prom-client";
import { expect, test } from "vitest";
import { createMetrics, serveMetrics } from "../../../services/runtime/metrics.ts";

test("a registry of its own is served as text at /metrics, and nothing elsewhere", async () => {
  const registry = createMetrics();
  new Counter({ name: "carillon_probes_total", help: "Probes.", registers: [registry] }).inc(3);
  const server = await serveMetrics(registry, { host: "127.0.0.1", port: 0 });
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(answer.headers.get("content-type")).toContain("text/plain");
  expect(await answer.text()).toContain("\ncarillon_probes_total 3\n");
  expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  await expect(serveMetrics(registry, { host: "127.0.0.1", port: server.port })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${server.port} (CARILLON_METRICS_PORT): the port is in use`,
  );
  await server.close();
});

test("probes that speak HTTP learn beside the metrics whether the process lives and is ready", async () => {
  let ready = false;
  const server = await serveMetrics(createMetrics(), { host: "127.0.0.1", port: 0 }, () => ready);
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status;
  expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 503]);
  ready = true;
  expect(await status("/readyz")).toBe(200);
  await server.close();
});
