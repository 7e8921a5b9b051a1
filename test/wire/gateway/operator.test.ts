import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import {
  EventService,
  GetEventRequestSchema,
  GetEventResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { KEYS } from "./fake-services.ts";
import { OPERATOR_TOKEN, type RunningGateway, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, rawPost } from "./raw-http.ts";

const LIST_EVENTS = "/carillon.ingestion.v1.EventService/ListEvents";
const CREATE_APP = "/carillon.identity.v1.AppService/CreateApp";
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** Has the fake list no events, and tells what it was asked. */
function listedApps({ services }: RunningGateway): unknown[] {
  const asked: unknown[] = [];
  services.events.listEvents = ({ tenantId, appId }) => {
    asked.push([tenantId, appId]);
    return { events: [], nextPageToken: "next" };
  };
  return asked;
}

describe("callers of the operator API", () => {
  it("with a server key are served for its own app, named or not", async () => {
    const gateway = await runGateway();
    const asked = listedApps(gateway);
    for (const body of [{}, { tenantId: "t1" }, { tenantId: "t1", appId: "app1" }]) {
      const response = await gateway.post(LIST_EVENTS, body, bearer(KEYS.server));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ nextPageToken: "next" });
    }
    expect(asked).toEqual(Array(3).fill(["t1", "app1"]));
  });

  it("with a server key are refused any other app in the same words, whether it exists or not", async () => {
    const gateway = await runGateway();
    const asked = listedApps(gateway);
    const answers = [];
    for (const body of [{ tenantId: "t2", appId: "app2" }, { appId: "nothing" }, { tenantId: "t1", appId: "app2" }]) {
      const response = await gateway.post(LIST_EVENTS, body, bearer(KEYS.server));
      expect(response.status).toBe(403);
      answers.push(await response.json());
    }
    expect(answers).toEqual(Array(3).fill({ code: "permission_denied", message: expect.any(String) }));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(asked).toEqual([]);
  });

  it("with the operator token are served for the app that they name, and must name one", async () => {
    const gateway = await runGateway();
    const asked = listedApps(gateway);
    const named = { tenantId: "t2", appId: "app2" };
    expect((await gateway.post(LIST_EVENTS, named, bearer(OPERATOR_TOKEN))).status).toBe(200);
    expect(asked).toEqual([["t2", "app2"]]);
    for (const body of [{}, { tenantId: "t2" }, { appId: "app2" }]) {
      const response = await gateway.post(LIST_EVENTS, body, bearer(OPERATOR_TOKEN));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "invalid_argument" });
    }
    for (const body of [
      { ...named, appId: "app3" },
      { ...named, tenantId: "t1" },
    ]) {
      const response = await gateway.post(LIST_EVENTS, body, bearer(OPERATOR_TOKEN));
      expect(response.status).toBe(404);
      const message = `tenant "${body.tenantId}" has no app "${body.appId}"`;
      expect(await response.json()).toEqual({ code: "not_found", message });
    }
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["no credential", {}, 401, "unauthenticated"],
    ["another scheme", { authorization: `Basic ${KEYS.server}` }, 401, "unauthenticated"],
    ["an unknown key", bearer("nobody"), 401, "unauthenticated"],
    ["a revoked key", bearer(KEYS.revoked), 401, "unauthenticated"],
    ["almost the operator token", bearer(`${OPERATOR_TOKEN}x`), 401, "unauthenticated"],
    ["a client key", bearer(KEYS.api), 403, "permission_denied"],
  ] as const)("with %s are refused", async (...[, headers, status, code]) => {
    const gateway = await runGateway();
    const asked = listedApps(gateway);
    const response = await gateway.post(LIST_EVENTS, {}, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(asked).toEqual([]);
  });

  it("are told to retry while identity cannot be reached", async () => {
    const { post, services } = await runGateway();
    services.identity.resolveKey = () => {
      throw new ConnectError("connect ECONNREFUSED 10.0.0.7:9091", Code.Unavailable);
    };
    const response = await post(LIST_EVENTS, {}, bearer(KEYS.server));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.text()).not.toContain("10.0.0.7");
  });

  it("manage apps with the operator token only", async () => {
    const { post, services } = await runGateway();
    services.apps.createApp = ({ tenantId, name }) => ({ app: { tenantId, name, appId: "new" }, apiKey: "a" });
    const body = { tenantId: "t9", name: "Shop" };
    const created = await post(CREATE_APP, body, bearer(OPERATOR_TOKEN));
    expect(await created.json()).toEqual({ app: { tenantId: "t9", name: "Shop", appId: "new" }, apiKey: "a" });
    for (const key of [KEYS.server, KEYS.api]) expect((await post(CREATE_APP, body, bearer(key))).status).toBe(403);
    expect((await post(CREATE_APP, body)).status).toBe(401);
  });
});

describe("protocols of the operator API", () => {
  it("are Connect and gRPC-Web, in JSON and binary, over HTTP/1.1", async () => {
    const gateway = await runGateway();
    const asked = listedApps(gateway);
    const options = { baseUrl: gateway.url, httpVersion: "1.1" } as const;
    for (const useBinaryFormat of [true, false]) {
      for (const make of [createConnectTransport, createGrpcWebTransport]) {
        const client = createClient(EventService, make({ ...options, useBinaryFormat }));
        const call = client.listEvents({}, { headers: bearer(KEYS.server) });
        expect(await call).toMatchObject({ nextPageToken: "next" });
        const refused = client.listEvents({}).catch((error: unknown) => ConnectError.from(error).code);
        expect(await refused).toBe(Code.Unauthenticated);
      }
    }
    expect(asked).toHaveLength(4);
  });

  it("leave no rest of a call in the way of the next request on its connection", async () => {
    const { port } = await runGateway();
    // An envelope's flags and a length beyond what is read, which is answered before the rest of the body comes.
    const envelope = Buffer.from([0, 0x80, 0, 0, 0]);
    const body = Buffer.concat([envelope, Buffer.alloc(1_000_000, "x")]);
    const head = [
      "POST /carillon.ingestion.v1.EventService/TailEvents HTTP/1.1",
      ...["Host: x", "Content-Type: application/grpc-web+json", `Content-Length: ${body.length}`],
    ].join("\r\n");
    const next = rawPost("/events", "{}", ["Connection: close"]);
    const text = await exchangeRaw(port, [`${head}\r\n\r\n`, body, next]);
    expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
    expect(text).toContain('"code":"required"');
  });

  it("include plain binary and GET for methods without side effects", async () => {
    const { url, services } = await runGateway();
    services.events.getEvent = ({ fingerprint }) => ({ event: { fingerprint, params: { "a.$b": 1 } } });
    const body = toBinary(GetEventRequestSchema, create(GetEventRequestSchema, { fingerprint: "f1" }));
    const path = `${url}/carillon.ingestion.v1.EventService/GetEvent`;
    const headers = { ...bearer(KEYS.server), "content-type": "application/proto" };
    const binary = await fetch(path, { method: "POST", headers, body });
    const bytes = new Uint8Array(await binary.arrayBuffer());
    expect(fromBinary(GetEventResponseSchema, bytes).event).toMatchObject({ params: { "a.$b": 1 } });
    const query = new URLSearchParams({ encoding: "json", message: '{"fingerprint":"f2"}', connect: "v1" });
    const got = await fetch(`${path}?${query}`, { headers: bearer(KEYS.server) });
    expect(await got.json()).toEqual({ event: { fingerprint: "f2", params: { "a.$b": 1 } } });
  });
});

describe("what the operator API serves", () => {
  it.each([
    "ingestion.v1.IngestionService/IngestEvents",
    "ingestion.v1.IngestionService/RefreshToken",
    "identity.v1.IdentityService/ResolveKey",
    "device.v1.DeviceRegistryService/ObserveDevices",
    "tracking.v1.TrackingService/ReportPushes",
    "ingestion.v1.EventService/Nothing",
  ])("does not include %s", async (path) => {
    const { post } = await runGateway();
    const response = await post(`/carillon.${path}`, {}, bearer(OPERATOR_TOKEN));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "unimplemented" });
  });

  it("does not include gRPC's health and reflection", async () => {
    const { post } = await runGateway();
    expect((await post("/grpc.health.v1.Health/Check", {}, bearer(OPERATOR_TOKEN))).status).toBe(404);
  });

  it.each([
    ["DELETE", CREATE_APP, "POST, OPTIONS"],
    ["GET", CREATE_APP, "POST, OPTIONS"],
    ["PUT", LIST_EVENTS, "GET, POST, OPTIONS"],
  ])("answers 405 to %s of %s", async (method, path, allow) => {
    const { url } = await runGateway();
    const response = await fetch(`${url}${path}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await response.json()).toMatchObject({ code: "unimplemented" });
  });

  it.each(["application/xml", "garbage"])("answers the content type %s as JSON", async (type) => {
    const { post } = await runGateway();
    const response = await post(LIST_EVENTS, "<x/>", { ...bearer(KEYS.server), "content-type": type });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });

  it.each([
    ["a message that is no JSON", "application/json", "{"],
    ["a message that is no protobuf", "application/proto", "\u000f"],
    ["a message that is too large", "application/json", `{"a":"${"x".repeat(7 * 1024 * 1024)}"}`],
  ])("answers %s", async (_, type, body) => {
    const { post } = await runGateway();
    const response = await post(LIST_EVENTS, body, { ...bearer(KEYS.server), "content-type": type });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });
});

describe("errors of services", () => {
  it.each([
    [Code.NotFound, 404],
    [Code.InvalidArgument, 400],
    [Code.AlreadyExists, 409],
    [Code.FailedPrecondition, 400],
  ])("with code %s pass through in their own words", async (code, status) => {
    const { post, services } = await runGateway();
    services.events.listEvents = () => {
      throw new ConnectError("no such page", code);
    };
    const response = await post(LIST_EVENTS, {}, bearer(KEYS.server));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ message: "no such page" });
  });

  it.each([
    [new ConnectError("E11000 on shard 7", Code.Internal), 500, "internal"],
    [new ConnectError("E11000 on shard 7", Code.Unknown), 500, "internal"],
    [new ConnectError("token of shard 7", Code.Unauthenticated), 500, "internal"],
    [new TypeError("x of shard 7"), 500, "internal"],
    [new ConnectError("mongodb://shard 7", Code.Unavailable), 503, "unavailable"],
    [new ConnectError("queue of shard 7", Code.ResourceExhausted), 429, "resource_exhausted"],
  ])("like %s tell nothing of what is inside", async (error, status, code) => {
    const { post, services, log } = await runGateway();
    services.events.listEvents = () => {
      throw error;
    };
    const response = await post(LIST_EVENTS, {}, { ...bearer(KEYS.server), "x-request-id": "r-1" });
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code });
    expect(text).not.toContain("shard");
    expect(response.headers.get("x-request-id")).toBe("r-1");
    expect(response.headers.has("retry-after")).toBe(status === 503 || status === 429);
    expect(log.find(({ msg }) => msg === "request")).toMatchObject({ surface: "operator", verdict: code, status });
  });

  it("never show secrets to the log", async () => {
    const { post, log } = await runGateway();
    await post(LIST_EVENTS, {}, bearer(KEYS.server));
    await post(CREATE_APP, {}, bearer(OPERATOR_TOKEN));
    const text = JSON.stringify(log);
    expect(text).not.toContain(KEYS.server);
    expect(text).not.toContain(OPERATOR_TOKEN);
  });
});
