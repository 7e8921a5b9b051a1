import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import { Code, createClient } from "@connectrpc/connect";
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath } from "grpc-health-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGrpcServer, type GrpcServer } from "../../../services/runtime/grpc-server.ts";
import { createGrpcTransport, type GrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import { ProbeService, probe } from "./probe-service.ts";
import { silent } from "./transports.ts";

const host = "127.0.0.1";
const grpcurlFound = spawnSync("grpcurl", ["-version"]).error === undefined;
if (!grpcurlFound) process.stderr.write("skipped: gRPC reflection as tools see it; put grpcurl on PATH to have it\n");

type Check = (
  request: { service: string },
  callback: (error: Error | null, answer: { status: string }) => void,
) => void;

describe("a gRPC server", () => {
  let probed: ReturnType<typeof probe>;
  let server: GrpcServer;
  let port: number;
  let transport: GrpcTransport;

  beforeEach(async () => {
    probed = probe();
    server = createGrpcServer({ services: [probed.service], log: silent });
    port = await server.listen({ host, port: 0 });
    transport = createGrpcTransport(`${host}:${port}`);
  });
  afterEach(async () => {
    transport.close();
    await server.close(0);
  });

  async function health(service: string): Promise<string> {
    const { grpc } = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
      grpc: { health: { v1: { Health: ServiceClientConstructor } } };
    };
    const client = new grpc.health.v1.Health(`${host}:${port}`, credentials.createInsecure());
    const check = promisify((client as unknown as { check: Check }).check.bind(client));
    const { status } = await check({ service }).finally(() => client.close());
    return status;
  }

  test("is not serving until it is told so, as a whole and service by service", async () => {
    for (const service of ["", "probe.v1.ProbeService"]) {
      server.setServing(false);
      expect(await health(service)).toBe("NOT_SERVING");
      server.setServing(true);
      expect(await health(service)).toBe("SERVING");
    }
    await expect(health("probe.v1.OtherService")).rejects.toMatchObject({ code: 5 });
  });

  test("refuses an address that is taken in one line that names it", async () => {
    const taken = createServer().listen(0, host);
    await once(taken, "listening");
    const other = createGrpcServer({ services: [], log: silent });
    const address = { host, port: (taken.address() as AddressInfo).port };
    await expect(other.listen(address)).rejects.toThrow(
      `cannot listen on ${host}:${address.port} (CARILLON_GRPC_PORT)`,
    );
    taken.close();
    await other.close(0);
  });

  test("finishes the calls that run when it is closed, and takes no more", async () => {
    const client = createClient(ProbeService, transport);
    const reader = new AbortController();
    const values: string[] = [];
    const reading = (async () => {
      for await (const { value } of client.count({ value: "3 wait" }, { signal: reader.signal })) values.push(value);
    })();
    await expect.poll(() => values).toEqual(["1", "2", "3"]);
    const closed = server.close(60_000);
    await expect(client.echo({})).rejects.toMatchObject({ code: Code.Unavailable });
    reader.abort();
    await expect(reading).rejects.toMatchObject({ code: Code.Canceled });
    await closed;
  });

  test("ends the calls that are left when its time is up", async () => {
    const client = createClient(ProbeService, transport);
    const waiting = client.wait({}, { timeoutMs: 60_000 });
    const outcome = expect(waiting).rejects.toMatchObject({
      code: expect.toBeOneOf([Code.Unavailable, Code.Canceled]),
    });
    await expect.poll(() => probed.seen.contexts.length).toBe(1);
    await server.close(10);
    await outcome;
    await probed.seen.givenUp;
  });

  test("is found again by its clients after a restart", async () => {
    const client = createClient(ProbeService, transport);
    expect((await client.echo({ value: "before" })).value).toBe("before");
    await server.close(0);
    await expect(client.echo({ value: "while down" })).rejects.toMatchObject({ code: Code.Unavailable });
    server = createGrpcServer({ services: [probe().service], log: silent });
    await server.listen({ host, port });
    const again = () =>
      client.echo({ value: "after" }).then(
        ({ value }) => value,
        () => "unavailable",
      );
    await expect.poll(again, { timeout: 30_000 }).toBe("after");
  });

  if (!grpcurlFound) return;

  test("tells tools what it offers, with every type, and answers them", async () => {
    server.setServing(true);
    const grpcurl = async (...args: string[]) => (await promisify(execFile)("grpcurl", ["-plaintext", ...args])).stdout;
    const address = `${host}:${port}`;
    expect((await grpcurl(address, "list")).trim().split("\n")).toEqual(
      expect.arrayContaining(["grpc.health.v1.Health", "probe.v1.ProbeService"]),
    );
    expect(await grpcurl(address, "describe", "probe.v1.ProbeService")).toContain(
      "rpc Count ( .google.protobuf.StringValue ) returns ( stream .google.protobuf.StringValue );",
    );
    expect(JSON.parse(await grpcurl("-d", '"hello"', address, "probe.v1.ProbeService/Echo"))).toBe("hello");
    expect(JSON.parse(await grpcurl(address, "grpc.health.v1.Health/Check"))).toEqual({ status: "SERVING" });
  });
});
