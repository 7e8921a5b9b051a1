import { Readable } from "node:stream";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../cli/run.ts";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { ProfileService } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { PushService } from "../../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.ts";

const NOW = Date.parse("2026-05-10T12:00:00Z");
const at = timestampFromMs(NOW);
const app = ["--tenant", "acme", "--app", "app-1"];

let gateway: FakeGateway;
/** What the fakes were asked, in order. */
let asked: object[];
/** What a tail brings; it goes on for ever then unless `tailEnds`. */
let tailed: object[];
let tailEnds: boolean;
let tailLeft: Promise<void>;

function routes(router: ConnectRouter): void {
  const noted =
    <R extends object>(answer: R) =>
    (request: object) => {
      asked.push(request);
      return answer;
    };
  router.service(EventService, {
    async *tailEvents(request, { signal }) {
      asked.push(request);
      const { promise, resolve } = Promise.withResolvers<void>();
      tailLeft = promise;
      signal.addEventListener("abort", () => resolve());
      yield {};
      yield* tailed;
      if (!tailEnds) await promise;
    },
  });
  const push = { trackingToken: "t-1", appUserId: "u1", deviceToken: "d1", sentTime: at, state: "sent" };
  router.service(PushService, {
    listPushes: noted({ pushes: [push], nextPageToken: "p2" }),
    getPush: noted({ push: { ...push, senderIds: { campaign: "autumn" } } }),
    getPushStats: noted({ sent: 3, delivered: 2, opened: 1, openRate: 1 / 3 }),
  });
  const device = { deviceToken: "d2", tokens: ["d1", "d2"], ownerAppUserId: "u1", deliverable: true };
  router.service(DeviceService, {
    listDevices: noted({ devices: [device] }),
    getDevice({ deviceToken }) {
      if (deviceToken !== "d1") throw new ConnectError("no such device", Code.NotFound);
      return { device };
    },
  });
  router.service(ProfileService, {
    getProfile: noted({ profile: { appUserId: "u1" } }),
    listMerges: noted({ merges: [{ deviceToken: "d1", fromAppUserId: "anon:d1", toAppUserId: "u1", eventCount: 4 }] }),
    unlinkDevice: noted({}),
    relinkDevice: noted({}),
    eraseProfile: noted({ eventCount: 5, pushCount: 4, mergeCount: 3, deviceCount: 2 }),
  });
}

beforeAll(async () => {
  gateway = await startFakeGateway("op", routes);
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  asked = [];
  tailed = [];
  tailEnds = false;
});

async function carillon(...args: readonly string[]) {
  let out = "";
  let err = "";
  const status = await run([...args, ...app], {
    env: { CARILLON_URL: gateway.url, CARILLON_OPERATOR_TOKEN: "op", CARILLON_DATA_DIR: "/nonexistent" },
    now: () => NOW,
    input: Readable.from([]),
    out: (text) => (out += text),
    err: (text) => (err += text),
    columns: undefined,
  });
  return { status, out, err };
}

describe("carillon events tail", () => {
  const event = { eventName: "opened", appUserId: "u1", deviceToken: "d1", fingerprint: "f1", receivedTime: at };
  const rejected = {
    verdict: "rejected",
    event: { eventName: "op\u001b[2Jened" },
    errors: [{ field: "event_time", code: "invalid_format", message: "event_time is wrong" }],
  };

  it("shows what comes, what is wrong with it and what is missing, and leaves after as many as were asked for", async () => {
    tailed = [{ verdict: "accepted", event }, { droppedCount: 2 }, { gap: true }, rejected];
    const filter = ["--user", "u1", "--device", "d1", "--name", "opened", "--limit", "2"];
    const { status, out, err } = await carillon("events", "tail", ...filter);
    expect(status).toBe(0);
    expect(asked).toMatchObject([
      { tenantId: "acme", appId: "app-1", appUserId: "u1", deviceToken: "d1", eventName: "opened", verdict: "" },
    ]);
    expect(out.split("\n")).toEqual([
      "2026-05-10T12:00:00.000Z  accepted   opened  u1  d1  f1",
      "  rejected   op\\u001b[2Jened  -  -",
      "    event_time: event_time is wrong (invalid_format)",
      "",
    ]);
    expect(err).toContain("2 left out here");
    expect(err).toContain("connection within Carillon broke");
    await tailLeft;
  });

  it("prints one JSON object a line for scripts, and none for signs of life", async () => {
    tailed = [{ verdict: "duplicate", event }, {}, { gap: true }, rejected];
    const { out, err } = await carillon("events", "tail", "--json", "--limit", "2");
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { verdict: "duplicate", event: { fingerprint: "f1", receivedTime: "2026-05-10T12:00:00Z" } },
      { verdict: "", gap: true },
      { verdict: "rejected", errors: [{ field: "event_time" }] },
    ]);
    expect(err).toBe("");
  });

  it("fails with 5 where the gateway ends the stream, with 2 for a verdict that there is not", async () => {
    tailEnds = true;
    expect(await carillon("events", "tail")).toMatchObject({ status: 5, err: expect.stringContaining("ended") });
    expect((await carillon("events", "tail", "--verdict", "late")).status).toBe(2);
  });
});

describe("carillon pushes", () => {
  it("lists pushes, shows one, and counts them", async () => {
    const list = await carillon("pushes", "list", "--user", "u1", "--limit", "5");
    expect(list.out).toContain("2026-05-10T12:00:00.000Z  sent   u1    d1      -          -       t-1");
    expect(list.err).toContain("--page-token p2");
    expect((await carillon("pushes", "get", "t-1")).out).toMatch(/sender's campaign +autumn/);
    const stats = await carillon("pushes", "stats", "--since", "1h", "--sender", "campaign=a=b");
    expect(stats.out).toBe("sent       3\ndelivered  2\nopened     1\nopen rate  33.3 %\n");
    expect(asked[2]).toMatchObject({ senderIdName: "campaign", senderId: "a=b", tenantId: "acme" });
    expect(timestampMs((asked[2] as { startTime: typeof at }).startTime)).toBe(NOW - 3_600_000);
    expect(JSON.parse((await carillon("pushes", "stats", "--json")).out)).toMatchObject({ sent: 3, openRate: 1 / 3 });
    expect((await carillon("pushes", "stats", "--sender", "autumn")).status).toBe(2);
  });
});

describe("carillon devices", () => {
  it("lists devices, those that a push reaches and those that none does", async () => {
    const { out } = await carillon("devices", "list", "--user", "u1", "--deliverable");
    expect(out).toMatch(/^d2 +u1 +yes/m);
    await carillon("devices", "list", "--no-deliverable");
    await carillon("devices", "list");
    expect(asked).toMatchObject([{ ownerAppUserId: "u1", deliverable: true }, { deliverable: false }, {}]);
    expect(asked[2]).not.toHaveProperty("deliverable");
  });

  it("shows a device with the tokens that it had", async () => {
    expect((await carillon("devices", "get", "d1")).out).toMatch(/former token +d1/);
    expect((await carillon("devices", "get", "d9")).status).toBe(3);
  });
});

describe("carillon profiles", () => {
  it("shows the merge journal", async () => {
    const { out } = await carillon("profiles", "merges", "--device", "d1", "--user", "u1");
    expect(out).toMatch(/d1 +anon:d1 +u1 +4 +0/);
    expect(asked).toMatchObject([{ deviceToken: "d1", appUserId: "u1", pageSize: 50 }]);
  });

  it("unlinks and links again", async () => {
    expect(await carillon("profiles", "unlink", "d1", "u1")).toMatchObject({ status: 0, out: "" });
    expect(await carillon("profiles", "relink", "d1", "u1", "--json")).toMatchObject({ status: 0, out: "{}\n" });
    expect(asked).toMatchObject(Array(2).fill({ deviceToken: "d1", appUserId: "u1", appId: "app-1" }));
  });

  it("erases only what was said twice", async () => {
    expect(await carillon("profiles", "erase", "anon:d1")).toMatchObject({
      status: 2,
      err: 'This would remove "u1" for good; add --yes to do it.\n',
    });
    const { out } = await carillon("profiles", "erase", "u1", "--yes");
    expect(out).toMatch(/events removed +5\n.*pushes removed +4\n.*merges removed +3\n.*devices let go +2\n/s);
    expect(asked.map((request) => (request as { $typeName: string }).$typeName)).toEqual([
      "carillon.identity.v1.GetProfileRequest",
      "carillon.identity.v1.EraseProfileRequest",
    ]);
  });
});

describe("carillon --help", () => {
  it("teaches every command by an example", async () => {
    const commands = ["tail", "list", "get", "validate", "definitions"].map((name) => ["events", name]);
    for (const name of ["list", "get", "stats"]) commands.push(["pushes", name]);
    for (const name of ["list", "get", "explain"]) commands.push(["devices", name]);
    for (const name of ["get", "merges", "unlink", "relink", "erase"]) commands.push(["profiles", name]);
    for (const command of commands) {
      const { status, out } = await carillon(...command, "--help");
      expect(status).toBe(0);
      expect(out).toContain(`  carillon ${command.join(" ")}`);
    }
  });
});
