import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createAuthority, opensslFound } from "../../wire/runtime/certificates.ts";

const probe = fileURLToPath(new URL("./tls-probe.ts", import.meta.url));
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const [mongodb] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
if (!hasRedis) process.stderr.write("skipped: TLS for Redis; put redis-server on PATH to have it\n");
if (mongodb === undefined) process.stderr.write("skipped: TLS for MongoDB; set CARILLON_TEST_MONGODB_URL to have it\n");

/** What a process of its own prints that opens the URL, or how it fails. */
async function opening(url: string, caFile?: string): Promise<string> {
  const env = { PATH: process.env.PATH, ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) };
  const { stdout } = await promisify(execFile)(process.execPath, [probe, url], { env });
  return stdout;
}

describe.skipIf(!opensslFound)("TLS", () => {
  let folder: string;
  const file = (name: string) => join(folder, "server", name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-store-tls-"));
    createAuthority().issue(join(folder, "server"), ["IP:127.0.0.1"]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.skipIf(!hasRedis)("to Redis is asked for by rediss://, and its certificate is checked", async () => {
    const port = await freePort();
    const tls = ["--tls-port", port, "--tls-cert-file", file("tls.crt"), "--tls-key-file", file("tls.key")];
    const options = ["--tls-ca-cert-file", file("ca.crt"), "--tls-auth-clients", "no", "--bind", "127.0.0.1"];
    const nothingKept = ["--port", "0", "--save", "", "--appendonly", "no"];
    const server = spawn("redis-server", [...tls, ...options, ...nothingKept], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(async () => {
      server.kill("SIGTERM");
      await once(server, "exit");
    });
    for await (const line of server.stdout) if (String(line).includes("Ready to accept connections")) break;
    server.stdout.resume();
    const url = `rediss://127.0.0.1:${port}`;
    expect(await opening(url, file("ca.crt"))).toBe("true");
    await expect(opening(url)).rejects.toThrow("cannot be reached");
    await expect(opening(url.replace("rediss", "redis"))).rejects.toThrow("cannot be reached");
  });

  test.skipIf(mongodb === undefined)(
    "to MongoDB is asked for by tls=true, and its certificate is checked",
    async () => {
      const { hostname, port: plainPort } = new URL(mongodb!.replace(/^mongodb:/, "http:"));
      const server = createTlsServer({ cert: readFileSync(file("tls.crt")), key: readFileSync(file("tls.key")) });
      server.on("secureConnection", (secure) => {
        const plain = connect(Number(plainPort), hostname);
        secure.pipe(plain).pipe(secure);
        const end = () => {
          secure.destroy();
          plain.destroy();
        };
        for (const socket of [secure, plain]) socket.on("error", end);
      });
      server.on("tlsClientError", () => undefined);
      await once(server.listen(0, "127.0.0.1"), "listening");
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const url = `mongodb://127.0.0.1:${port}/carillon_tls?directConnection=true&serverSelectionTimeoutMS=2000&tls=true`;
      expect(await opening(url, file("ca.crt"))).toBe("true");
      expect(await opening(`${url}&tlsCAFile=${file("ca.crt")}`)).toBe("true");
      await expect(opening(url)).rejects.toThrow(/certificate/);
    },
  );
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}
