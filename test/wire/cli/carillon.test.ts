import { execFile } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { Readable } from "node:stream";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Console } from "../../../cli/console.ts";
import { run } from "../../../cli/run.ts";
import manifest from "../../../package.json" with { type: "json" };
import { AppService } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { ProfileService } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService, type ListEventsRequest } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.ts";

const NOW = Date.parse("2026-05-10T12:00:00Z");
const fingerprint = "f".repeat(64);
const app = { tenantId: "acme", appId: "app-1", name: "Web shop", createTime: timestampFromMs(NOW) };

let gateway: FakeGateway;
let failure: ConnectError | undefined;
let eventsAsked: ListEventsRequest | undefined;
let revoked: Map<string, Timestamp>;

function routes(router: ConnectRouter): void {
  router.service(EventService, {
    listEvents(request) {
      if (failure !== undefined) throw failure;
      eventsAsked = request;
      const event = { fingerprint, appUserId: "u1", eventName: "opened", effectiveTime: timestampFromMs(NOW) };
      return { events: [event], nextPageToken: "p2" };
    },
  });
  router.service(ProfileService, {
    getProfile({ appUserId }) {
      if (appUserId !== "u1") throw new ConnectError(`no profile ${appUserId}`, Code.NotFound);
      return { profile: { appUserId, firstSeenTime: timestampFromMs(NOW), language: "en" } };
    },
    listProfiles: () => ({ profiles: [] }),
  });
  router.service(AppService, {
    createApp: ({ name, tenantId }) => ({
      app: { ...app, name, tenantId },
      apiKey: "new-api",
      serverKey: "new-server",
    }),
    listApps: ({ pageToken }) =>
      pageToken === "" ? { apps: [app], nextPageToken: "2" } : { apps: [{ ...app, appId: "app-2" }] },
    createKey: () => ({ keyId: "k2", key: "secret-2" }),
    listKeys: () => ({
      keys: ["k1", "k2"].map((keyId) => {
        const revokeTime = revoked.get(keyId);
        return { keyId, kind: "server", prefix: `${keyId}_`, ...(revokeTime === undefined ? {} : { revokeTime }) };
      }),
    }),
    createIdentitySecret: () => ({ secretId: "ids_1", secret: "cis_secret" }),
    setRequireUserSignature: ({ requireUserSignature }) => ({ app: { ...app, requireUserSignature } }),
    revokeIdentitySecret({ secretId }) {
      revoked.set(secretId, timestampFromMs(NOW));
      return { app };
    },
    setRetention: ({ retentionDays }) => ({ app: { ...app, retentionDays } }),
    revokeKey({ keyId }) {
      revoked.set(keyId, timestampFromMs(NOW));
      return {};
    },
  });
}

beforeAll(async () => {
  gateway = await startFakeGateway("op", routes);
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  failure = undefined;
  eventsAsked = undefined;
  revoked = new Map();
});

/** Runs the command line in this process, with the fake gateway's address and token unless others are given. */
async function carillon(
  args: readonly string[],
  { url = gateway.url, token = "op", columns = undefined as number | undefined } = {},
) {
  let out = "";
  let err = "";
  const console: Console = {
    env: { CARILLON_URL: url, CARILLON_OPERATOR_TOKEN: token, CARILLON_DATA_DIR: "/nonexistent" },
    now: () => NOW,
    input: Readable.from([]),
    out: (text) => (out += text),
    err: (text) => (err += text),
    columns,
  };
  return { status: await run(args, console), out, err };
}

describe("carillon events list", () => {
  it("asks for what the options say and prints a table", async () => {
    const options = ["--tenant", "acme", "--app", "app-1", "--user", "u1", "--since", "1h", "--limit", "5"];
    const { status, out, err } = await carillon(["events", "list", ...options]);
    expect(status).toBe(0);
    expect(eventsAsked).toMatchObject({ tenantId: "acme", appId: "app-1", appUserId: "u1", pageSize: 5 });
    expect(timestampMs(eventsAsked!.startTime!)).toBe(NOW - 3_600_000);
    expect(out).toContain(`2026-05-10T12:00:00.000Z  opened  u1    nobody   -       -      ${fingerprint}`);
    expect(err).toBe("There is more: repeat the command with --page-token p2\n");
  });

  it("prints the gateway's answer as JSON, and nothing else, to stdout", async () => {
    const { out, err } = await carillon(["--json", "events", "list"]);
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({
      nextPageToken: "p2",
      events: [{ fingerprint, effectiveTime: "2026-05-10T12:00:00Z" }],
    });
    expect(answer.events[0]).toHaveProperty("sessionId", "");
    expect(err).toBe("");
  });

  it("fits the terminal", async () => {
    const { out } = await carillon(["events", "list"], { columns: 80 });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("carillon profiles", () => {
  it("shows one profile", async () => {
    const { status, out } = await carillon(["profiles", "get", "u1"]);
    expect(status).toBe(0);
    expect(out).toContain("user        u1\n");
    expect(out).toContain("last seen   -\n");
  });

  it("tells a missing profile by its own exit status", async () => {
    expect(await carillon(["profiles", "get", "u2"])).toEqual({
      status: 3,
      out: "",
      err: "Not found: no profile u2\n",
    });
  });

  it("says so when a list is empty", async () => {
    expect(await carillon(["profiles", "list"])).toEqual({ status: 0, out: "", err: "Nothing found.\n" });
  });
});

describe("carillon apps", () => {
  it("shows the keys of a new app once, with a note", async () => {
    const { out, err } = await carillon(["apps", "create", "Web shop", "--tenant", "acme"]);
    expect(out).toBe("tenant      acme\napp         app-1\napi key     new-api\nserver key  new-server\n");
    expect(err).toContain("shown this once");
  });

  it("lists the apps of all pages", async () => {
    const { out } = await carillon(["apps", "list", "--json"]);
    expect(JSON.parse(out).apps.map(({ appId }: { appId: string }) => appId)).toEqual(["app-1", "app-2"]);
  });

  it("lists the keys of one app", async () => {
    const { out } = await carillon(["apps", "list", "--tenant", "acme", "--app", "app-1"]);
    expect(out).toMatch(/^KEY ID +KIND/);
    expect(out).toMatch(/^k1 +server/m);
  });

  it("rotates by a new key and names the keys that can then be revoked", async () => {
    const { out, err } = await carillon([
      "apps",
      "rotate-key",
      "--kind",
      "server",
      "--tenant",
      "acme",
      "--app",
      "app-1",
    ]);
    expect(out).toBe("key id      k2\nserver key  secret-2\n");
    // The command is whole: pasted, it is about the same app.
    expect(err).toContain("  carillon apps revoke-key k1 --tenant acme --app app-1 ");
    expect(err).not.toContain("revoke-key k2 ");
  });

  it("warns when the last key of a kind is revoked", async () => {
    expect((await carillon(["apps", "revoke-key", "k1"])).err).toBe("");
    const { out, err } = await carillon(["apps", "revoke-key", "k2"]);
    expect(out).toContain("Key k2 is revoked");
    expect(err).toContain("no server key left");
  });

  it("sets after how many days events are removed", async () => {
    expect((await carillon(["apps", "retention", "90"])).out).toBe("90 days are kept.\n");
    expect((await carillon(["apps", "retention", "off"])).out).toBe("Everything is kept.\n");
    for (const days of ["30", "0", "x", "1e3", "-90"]) {
      expect((await carillon(["apps", "retention", days])).status).toBe(2);
    }
  });

  it("makes, lists and revokes identity secrets, and says whether signatures are required", async () => {
    const named = ["--tenant", "acme", "--app", "app-2"];
    const secrets = (...args: string[]) => carillon(["apps", "identity-secret", ...args, ...named]);
    expect((await secrets("create")).out).toBe("secret id        ids_1\nidentity secret  cis_secret\n");
    expect((await secrets("list")).err).toContain("not required");
    expect((await secrets("revoke", "ids_1")).out).toContain("ids_1 is revoked");
    expect(revoked.has("ids_1")).toBe(true);
    expect((await secrets("require", "on")).out).toContain("are required");
    expect((await secrets("require", "off")).out).toContain("not required");
    expect((await secrets("require", "maybe")).status).toBe(2);
  });
});

describe("carillon's exit status", () => {
  it("is 2 for wrong usage, and the message says what would be right", async () => {
    for (const args of [["events", "lst"], ["events", "list", "--limit", "0"], ["profiles", "get"], ["apps"], []]) {
      expect(await carillon(args)).toMatchObject({ status: 2, out: "" });
    }
    expect((await carillon(["events", "list", "--limit", "0"])).err).toContain("1 to 1000");
  });

  it.each([
    [Code.InvalidArgument, 2, "Refused"],
    [Code.PermissionDenied, 4, "operator token"],
    [Code.Unavailable, 5, "CARILLON_URL"],
    [Code.Unimplemented, 1, "gateway of this version"],
    [Code.ResourceExhausted, 1, "ResourceExhausted"],
  ])("for the gateway's code %i is %i", async (code, status, advice) => {
    failure = new ConnectError("because", code);
    const result = await carillon(["events", "list"]);
    expect(result.status).toBe(status);
    expect(result.err).toContain("because");
    expect(result.err).toContain(advice);
  });

  it.each(["with the operator token, name tenantId and appId", "tenantId is required", "appId is required"])(
    "is 2 where the operator names no app (%s), and the message says how to",
    async (message) => {
      failure = new ConnectError(message, Code.InvalidArgument);
      expect(await carillon(["events", "list"])).toMatchObject({ status: 2, err: expect.stringContaining("--tenant") });
    },
  );

  it("is 4 for a wrong or impossible token", async () => {
    expect((await carillon(["events", "list"], { token: "other" })).status).toBe(4);
    expect(await carillon(["events", "list"], { token: "zwölf\n" })).toMatchObject({ status: 4, out: "" });
  });

  it("is 5 where nobody listens", async () => {
    const closed = await startFakeGateway("op", routes);
    await closed[Symbol.asyncDispose]();
    const { status, err } = await carillon(["events", "list"], { url: closed.url });
    expect(status).toBe(5);
    expect(err).toContain(closed.url);
  });

  it("is 5 where somebody else listens, whose answer is no HTTP", async () => {
    const server = createServer((socket) =>
      socket
        .on("error", () => undefined)
        .resume()
        .end("\0\0\0\u0004"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { status, err } = await carillon(["events", "list"], { url: `http://127.0.0.1:${port}` });
    expect([status, err]).toEqual([5, expect.stringContaining("Is it the HTTP port")]);
    await new Promise((resolve) => server.close(resolve));
  });

  it("is 0 for the version, which is the package's", async () => {
    expect(await carillon(["--version"])).toEqual({ status: 0, out: `${manifest.version}\n`, err: "" });
  });

  it("is 0 for help, which names the environment and the exit status", async () => {
    const { status, out } = await carillon(["--help"]);
    expect(status).toBe(0);
    expect(out).toContain("CARILLON_OPERATOR_TOKEN");
    expect(out).toContain("5 gateway unreachable");
  });

  it("is the process's own", async () => {
    const main = new URL("../../../cli/main.ts", import.meta.url).pathname;
    const status = await new Promise((resolve) => {
      const env = { PATH: process.env.PATH, CARILLON_URL: gateway.url, CARILLON_OPERATOR_TOKEN: "op" };
      execFile(process.execPath, [main, "profiles", "get", "u2"], { env }, (error) => resolve(error?.code));
    });
    expect(status).toBe(3);
  });
});
