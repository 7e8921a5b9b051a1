import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGrpcServer, type GrpcServer } from "../../../services/runtime/grpc-server.ts";
import { createGrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import { createLifecycle, type Lifecycle } from "../../../services/runtime/lifecycle.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { openTls, type Tls } from "../../../services/runtime/tls.ts";
import { virtualClock } from "../gateway/virtual-clock.ts";
import { createAuthority, opensslFound } from "./certificates.ts";
import { ProbeService, probe } from "./probe-service.ts";
import { silent } from "./transports.ts";

const host = "127.0.0.1";

describe.skipIf(!opensslFound)("mutual TLS", () => {
  let folder: string;
  let lifecycle: Lifecycle;
  let server: GrpcServer;
  const authority = opensslFound ? createAuthority() : undefined;
  const logged: string[] = [];
  const log = createLogger({ name: "tls", level: "info", destination: { write: (line: string) => logged.push(line) } });
  const clock = virtualClock();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-tls-"));
    lifecycle = createLifecycle(silent);
    logged.length = 0;
  });
  afterEach(async () => {
    await lifecycle.stop();
    await rm(folder, { recursive: true });
  });

  /** Certificates in a folder of that name, opened. */
  async function certified(name: string, names: readonly string[], by = authority): Promise<Tls> {
    by?.issue(join(folder, name), names);
    return (await openTls(join(folder, name), { clock, log, lifecycle })) as Tls;
  }

  async function serve(tls: Tls): Promise<number> {
    server = createGrpcServer({ services: [probe().service], log: silent, tls });
    lifecycle.onStop("server", () => server.close(0));
    return server.listen({ host, port: 0 });
  }

  function call(port: number, tls?: Tls): Promise<string> {
    const transport = createGrpcTransport(`${host}:${port}`, tls);
    return createClient(ProbeService, transport)
      .echo({ value: "hello" }, { timeoutMs: 2_000 })
      .then(({ value }) => value)
      .finally(() => transport.close());
  }

  test("lets processes talk whose certificates one authority has signed", async () => {
    const port = await serve(await certified("server", ["IP:127.0.0.1"]));
    expect(await call(port, await certified("client", ["DNS:gateway"]))).toBe("hello");
  });

  test("keeps out who has no certificate, or one of another authority", async () => {
    const port = await serve(await certified("server", ["IP:127.0.0.1"]));
    const stranger = await certified("stranger", ["IP:127.0.0.1"], createAuthority());
    for (const tls of [undefined, stranger])
      await expect(call(port, tls)).rejects.toMatchObject({
        code: expect.toBeOneOf([Code.Unavailable, Code.DeadlineExceeded]),
      });
    // Trusts the server, but has nothing to show for itself.
    writeFileSync(join(folder, "stranger", "ca.crt"), readFileSync(join(folder, "server", "ca.crt")));
    await stranger.reload();
    await expect(call(port, stranger)).rejects.toMatchObject({ code: Code.Unavailable });
  });

  test("does not talk to a server whose certificate is somebody else's", async () => {
    const port = await serve(await certified("server", ["DNS:other"]));
    const client = await certified("client", ["DNS:gateway"]);
    await expect(call(port, client)).rejects.toMatchObject({ code: Code.Unavailable });
  });

  test("takes up new certificates without a restart, for new connections", async () => {
    const server = await certified("server", ["IP:127.0.0.1"]);
    const client = await certified("client", ["DNS:gateway"]);
    const port = await serve(server);
    const transport = createGrpcTransport(`${host}:${port}`, client);
    const connected = createClient(ProbeService, transport);
    expect((await connected.echo({ value: "before" })).value).toBe("before");
    const next = createAuthority();
    next.issue(join(folder, "server"), ["IP:127.0.0.1"]);
    await server.reload();
    const late = await certified("late", ["DNS:gateway"]);
    await expect(call(port, late)).rejects.toMatchObject({ code: Code.Unavailable });
    expect((await connected.echo({ value: "still" })).value).toBe("still");
    next.issue(join(folder, "late"), ["DNS:gateway"]);
    await clock.advance(10_000); // found by themselves
    const again = () => call(port, late).catch(() => "refused");
    await expect.poll(again, { timeout: 10_000 }).toBe("hello");
    transport.close();
  });

  test("keeps the certificates that it has while new ones cannot be used, and says so", async () => {
    const server = await certified("server", ["IP:127.0.0.1"]);
    const client = await certified("client", ["DNS:gateway"]);
    const port = await serve(server);
    writeFileSync(join(folder, "server", "tls.key"), readFileSync(join(folder, "client", "tls.key")));
    await server.reload();
    expect(logged.join()).toContain("new certificates cannot be used; the ones before stay");
    expect(await call(port, client)).toBe("hello");
  });

  test("is one clear line when there are no certificates to begin with", async () => {
    const nowhere = join(folder, "nowhere");
    const options = { clock, log, lifecycle };
    await expect(openTls(nowhere, options)).rejects.toThrow(
      `the certificates in ${nowhere} cannot be used (CARILLON_TLS_DIR): ENOENT`,
    );
    expect(await openTls(undefined, options)).toBeUndefined();
  });
});
