import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "vitest";
import { createGatewayCalls, smoke } from "../../../deploy/smoke/smoke.ts";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { createGrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import { type RunningCarillon, runCarillon } from "../../process/run-carillon.ts";
import { createAuthority, opensslFound } from "./certificates.ts";

describe.skipIf(!opensslFound)("five processes with certificates", () => {
  let carillon: RunningCarillon | undefined;
  let folder: string;

  afterEach(async () => {
    await carillon?.stop();
    await rm(folder, { recursive: true });
  });

  test("work together, and refuse whoever has none", async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-tls-"));
    createAuthority().issue(folder, ["IP:127.0.0.1"]);
    const settings = { CARILLON_TLS_DIR: folder, CARILLON_LOG_LEVEL: "fatal" };
    carillon = await runCarillon({ script: "services/trial/main.ts", settings });
    const { url, grpcAddress, demo } = carillon;
    await smoke(createGatewayCalls({ url, operatorToken: demo.operator_token }));

    const plain = createGrpcTransport(grpcAddress);
    const call = createClient(DeviceService, plain).listDevices({ tenantId: "demo", appId: demo.app_id });
    await expect(call.finally(() => plain.close())).rejects.toMatchObject({ code: Code.Unavailable });
  });
});
