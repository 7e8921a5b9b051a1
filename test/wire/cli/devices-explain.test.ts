import { Readable } from "node:stream";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../../cli/run.ts";
import { DeviceService, type ExplainDeliveryRequest } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.ts";

const NOW = Date.parse("2026-05-10T12:00:00Z");
const fingerprint = "f".repeat(64);
let gateway: FakeGateway;
let asked: ExplainDeliveryRequest | undefined;

beforeAll(async () => {
  gateway = await startFakeGateway("op", (router) => {
    router.service(DeviceService, {
      explainDelivery(request) {
        asked = request;
        if (request.appUserId === "nobody") return {};
        const seen = { name: "seen", passed: true, detail: "Seen.", fingerprint, time: timestampFromMs(NOW) };
        const checks = [seen, { name: "token", passed: false, detail: "Reported invalid." }];
        return { explanations: [{ deviceToken: "tok", deliverable: false, checks }] };
      },
    });
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function carillon(...args: readonly string[]) {
  let out = "";
  let err = "";
  const env = { CARILLON_URL: gateway.url, CARILLON_OPERATOR_TOKEN: "op", CARILLON_DATA_DIR: "/nonexistent" };
  const console = {
    env,
    now: () => NOW,
    input: Readable.from([]),
    out: (text: string) => (out += text),
    err: (text: string) => (err += text),
    columns: undefined,
  };
  return { status: await run(args, console), out, err };
}

test("devices explain prints a table of the checks, with what decided each", async () => {
  const { status, out } = await carillon("devices", "explain", "tok", "--tenant", "t", "--app", "a");
  expect(status).toBe(0);
  expect(asked).toMatchObject({ tenantId: "t", appId: "a", deviceToken: "tok", appUserId: "" });
  expect(out.split("\n")).toEqual([
    "device       tok",
    "deliverable  no",
    "CHECK  RESULT  WHY                DECIDED AT                BY EVENT",
    `seen   ok      Seen.              2026-05-10T12:00:00.000Z  ${fingerprint}`,
    "token  FAILS   Reported invalid.  -                         -",
    "",
  ]);
});

test("devices explain asks for a user's devices, and prints JSON for scripts", async () => {
  const { out } = await carillon("--json", "devices", "explain", "--user", "ann");
  expect(asked).toMatchObject({ deviceToken: "", appUserId: "ann" });
  expect(JSON.parse(out).explanations[0]).toMatchObject({ deviceToken: "tok", deliverable: false });
  expect(await carillon("devices", "explain", "--user", "nobody")).toMatchObject({ status: 0, out: "" });
});

test("devices explain needs a token or a user", async () => {
  expect(await carillon("devices", "explain")).toMatchObject({ status: 2, out: "" });
});
