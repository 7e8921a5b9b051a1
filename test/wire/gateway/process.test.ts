import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGrpcServer } from "../../../services/runtime/grpc-server.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { type Fakes, fakes, hostedFakes, KEYS } from "./fake-services.ts";
import { eventBody, gate, OPERATOR_TOKEN } from "./gateway-fixture.ts";

const root = new URL("../../../", import.meta.url);

/** The fakes behind a real gRPC server on loopback. */
async function hostFakes(services: Fakes, serving = true) {
  const server = createGrpcServer({
    services: hostedFakes(services),
    log: createLogger({ name: "fakes", level: "silent" }),
  });
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  server.setServing(serving);
  onTestFinished(() => server.close(0));
  return { server, address: `127.0.0.1:${port}` };
}

function settings(address: string): Record<string, string> {
  const services = ["INGESTION", "IDENTITY", "DEVICE", "TRACKING"].map((name) => [`CARILLON_${name}_ADDRESS`, address]);
  return {
    ...Object.fromEntries(services),
    CARILLON_HTTP_PORT: "0",
    CARILLON_METRICS_PORT: "0",
    CARILLON_OPERATOR_TOKEN: OPERATOR_TOKEN,
    CARILLON_RATE_LIMIT: "0",
  };
}

function spawnGateway(environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ["gateway/main.ts"], {
    cwd: root,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** The port of the line that says where the gateway listens. */
async function listening(child: ChildProcess): Promise<{ port: number; metricsPort: number }> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const { msg, port, metricsPort } = JSON.parse(line);
    if (msg.startsWith("gateway listens")) return { port, metricsPort };
  }
  throw new Error("the gateway ended before it listened");
}

describe("the gateway's process", () => {
  it("serves over gRPC, finishes what it accepted on SIGTERM and exits with 0", async () => {
    const services = fakes();
    const { address } = await hostFakes(services);
    const child = spawnGateway(settings(address));
    const { port, metricsPort } = await listening(child);
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const post = (body: unknown) => fetch(`${url}/events`, { method: "POST", body: JSON.stringify(body) });
    const first = await post(eventBody());
    const { fingerprint } = (await first.json()) as { fingerprint: string };
    expect(services.stored.get(fingerprint)?.deviceToken).toBe("tok_1");
    services.events.listEvents = ({ tenantId }) => ({ nextPageToken: tenantId });
    const listed = await fetch(`${url}/carillon.ingestion.v1.EventService/ListEvents`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${KEYS.server}` },
      body: "{}",
    });
    expect(await listed.json()).toEqual({ nextPageToken: "t1" });
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain(
      'carillon_gateway_requests_total{surface="smartapppush",endpoint="/events",verdict="stored",status="200"} 1',
    );

    const asked = gate();
    const release = gate();
    const store = services.ingestion.ingestEvents!;
    services.ingestion.ingestEvents = async (request, context) => {
      asked.open();
      await release.promise;
      return store(request, context);
    };
    const last = post(eventBody({ session_id: "last" }));
    await asked.promise;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    release.open();
    expect((await last).status).toBe(200);
    expect(await exited).toEqual([0, null]);
  });

  it("is not ready while ingestion is not", async () => {
    const { address } = await hostFakes(fakes(), false);
    const child = spawnGateway(settings(address));
    const { port } = await listening(child);
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  it.each([
    ["no operator token", { CARILLON_OPERATOR_TOKEN: "" }, "CARILLON_OPERATOR_TOKEN"],
    ["a wrong limit", { CARILLON_RATE_LIMIT: "-1" }, "CARILLON_RATE_LIMIT"],
    ["wrong proxies", { CARILLON_TRUSTED_PROXIES: "10.0.0.0/99" }, "CARILLON_TRUSTED_PROXIES"],
    ["an unknown setting", { CARILLON_PORT: "1" }, "CARILLON_PORT"],
    ["a Redis that is none", { CARILLON_REDIS_URL: "http://x" }, "CARILLON_REDIS_URL"],
  ])("refuses %s in one line", async (_, changes, named) => {
    const child = spawnGateway({ ...settings("127.0.0.1:1"), ...changes });
    const lines: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => lines.push(line));
    expect(await once(child, "close")).toEqual([1, null]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(named);
  });
});
