import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "vitest";
import { createGatewayCalls, smoke } from "../../../deploy/smoke/smoke.ts";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { createGrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import { createAuthority, opensslFound } from "./certificates.ts";

const trial = fileURLToPath(new URL("../../../services/trial/main.ts", import.meta.url));

describe.skipIf(!opensslFound)("five processes with certificates", () => {
  let processes: ChildProcess | undefined;
  let folder: string;

  afterEach(async () => {
    if (processes?.exitCode === null) {
      processes.kill("SIGTERM");
      await once(processes, "exit");
    }
    await rm(folder, { recursive: true });
  });

  test("work together, and refuse whoever has none", async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-tls-"));
    createAuthority().issue(join(folder, "tls"), ["IP:127.0.0.1"]);
    processes = spawn(process.execPath, [trial], {
      env: {
        PATH: process.env.PATH,
        CARILLON_DATA_DIR: join(folder, "data"),
        CARILLON_TLS_DIR: join(folder, "tls"),
        CARILLON_HTTP_PORT: "0",
        CARILLON_GRPC_PORT: "0",
        CARILLON_METRICS_PORT: "0",
        CARILLON_LOG_LEVEL: "fatal",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = await readyLine(processes);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] as string;
    const address = /gRPC (127\.0\.0\.1:\d+)/.exec(line)?.[1] as string;
    const credentials = JSON.parse(await readFile(join(folder, "data", "demo-app.json"), "utf8"));
    await smoke(createGatewayCalls({ url, operatorToken: credentials.operator_token }));

    const plain = createGrpcTransport(address);
    const call = createClient(DeviceService, plain).listDevices({ tenantId: "demo", appId: credentials.app_id });
    await expect(call.finally(() => plain.close())).rejects.toMatchObject({ code: Code.Unavailable });
  });
});

async function readyLine({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream })) {
    if (line.includes("is ready")) return line;
  }
  throw new Error("the processes ended before they were ready");
}
