import { once } from "node:events";
import { createServer } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport as createConnectGrpcTransport, createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Http2Options, serveHttp2Too } from "../../../gateway/http/http2.ts";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { IngestionService } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { createGrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import { KEYS } from "./fake-services.ts";
import { eventBody, gate, type RunningGateway, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers } from "./raw-http.ts";

const bearer = { headers: { authorization: `Bearer ${KEYS.server}` } };
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** A frame without payload: its length, type, flags and stream. */
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A gRPC client as other programs have it; closed after the test. */
function grpcTransport({ port }: RunningGateway) {
  const transport = createGrpcTransport(`127.0.0.1:${port}`);
  onTestFinished(() => transport.close());
  return transport;
}

function http2Session(port: number): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => session.destroy());
  onTestFinished(() => session.destroy());
  return session;
}

async function request(session: ClientHttp2Session, headers: Record<string, string>, body = "") {
  const stream = session.request(headers);
  stream.end(body);
  const [answer] = await once(stream, "response");
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return { status: answer[":status"], headers: answer, text };
}

describe("gRPC on the HTTP port", () => {
  it("serves unary calls and streams to grpc-js", async () => {
    const gateway = await runGateway();
    gateway.services.events.listEvents = ({ tenantId, appId }) => ({ nextPageToken: `${tenantId}/${appId}` });
    gateway.services.events.tailEvents = async function* () {
      yield { droppedCount: 1 };
      yield { droppedCount: 2 };
      yield { droppedCount: 3 };
    };
    const client = createClient(EventService, grpcTransport(gateway));
    expect(await client.listEvents({}, bearer)).toMatchObject({ nextPageToken: "t1/app1" });
    const seen = [];
    for await (const { droppedCount } of client.tailEvents({}, bearer)) {
      seen.push(droppedCount);
      if (droppedCount === 3) break;
    }
    // The first message of a process only says that it is listened to.
    expect(seen).toEqual([0, 2, 3]);
  });

  it("tells refusals and errors by gRPC's own codes, with nothing of what is inside", async () => {
    const gateway = await runGateway();
    gateway.services.events.listEvents = () => {
      throw new ConnectError("mongodb://shard 7", Code.Unavailable);
    };
    const client = createClient(EventService, grpcTransport(gateway));
    const errorOf = (call: Promise<unknown>) => call.then(() => undefined, ConnectError.from);
    expect(await errorOf(client.listEvents({}))).toMatchObject({ code: Code.Unauthenticated });
    const failed = await errorOf(client.listEvents({}, bearer));
    expect(failed).toMatchObject({ code: Code.Unavailable, rawMessage: expect.not.stringContaining("shard") });
    expect(failed?.metadata.get("retry-after")).toBe("2");
  });

  it("does not serve what the processes say to each other", async () => {
    const gateway = await runGateway();
    const client = createClient(IngestionService, grpcTransport(gateway));
    const error = await client.ingestEvents({ events: [] }, bearer).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Unimplemented });
  });

  it("logs calls as it logs all others", async () => {
    const gateway = await runGateway();
    gateway.services.events.listEvents = () => ({});
    await createClient(EventService, grpcTransport(gateway)).listEvents({}, bearer);
    const path = "/carillon.ingestion.v1.EventService/ListEvents";
    const line = gateway.log.find(({ msg }) => msg === "request");
    expect(line).toMatchObject({ method: "POST", path, surface: "operator", verdict: "ok", status: 200 });
  });
});

describe("HTTP/2 on the HTTP port", () => {
  it("serves the operator API to Connect and gRPC clients of other makes", async () => {
    const { url, services } = await runGateway();
    services.events.listEvents = () => ({ nextPageToken: "next" });
    for (const transport of [
      createConnectTransport({ baseUrl: url, httpVersion: "2" }),
      createConnectGrpcTransport({ baseUrl: url }),
    ]) {
      const answer = await createClient(EventService, transport).listEvents({}, bearer);
      expect(answer).toMatchObject({ nextPageToken: "next" });
    }
  });

  it("leaves no rest of a call in the way of others on its connection", async () => {
    const { port } = await runGateway();
    const session = http2Session(port);
    const call = { ":method": "POST", ":path": "/carillon.ingestion.v1.EventService/TailEvents" };
    const envelope = `\0\u0001\0\0\0${"x".repeat(60_000)}`;
    // More than a connection may have under way without having been read.
    for (let i = 0; i < 20; i++) {
      const { headers } = await request(session, { ...call, "content-type": "application/grpc-web+json" }, envelope);
      expect(headers[":status"]).toBe(200);
    }
    const post = { ":method": "POST", ":path": "/events", "content-type": "application/json" };
    expect(await request(session, post, JSON.stringify(eventBody()))).toMatchObject({ status: 200 });
  });

  it("answers the public endpoints as HTTP/1.1 does", async () => {
    const { port, post } = await runGateway();
    const session = http2Session(port);
    const headers = { ":method": "POST", "content-type": "application/json" };
    for (const [path, body] of [
      ["/events", eventBody()],
      ["/events", "{"],
      ["/pushes/opened", {}],
      ["/nowhere", {}],
      ["/v1/events", {}],
    ] as const) {
      const first = await post(path, body);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const second = await request(session, { ...headers, ":path": path, "x-request-id": "r-1" }, text);
      expect([second.status, second.text]).toEqual([first.status, await first.text()]);
      expect(second.headers["x-request-id"]).toBe("r-1");
    }
  });

  it("counts an address against the same limit as HTTP/1.1", async () => {
    const { port, post } = await runGateway({ clientRateLimit: 2 });
    const session = http2Session(port);
    await post("/events", eventBody());
    const headers = { ":method": "POST", ":path": "/events", "content-type": "application/json" };
    expect((await request(session, headers, JSON.stringify(eventBody()))).status).toBe(200);
    const refused = await request(session, headers, JSON.stringify(eventBody()));
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"]);
  });

  it("never sees more of a request than the port takes", async () => {
    const { port } = await runGateway();
    const session = http2Session(port);
    const headers = { ":method": "POST", ":path": "/events", "content-type": "application/json" };
    const large = await request(session, headers, " ".repeat(65_537));
    expect(JSON.parse(large.text).errors).toMatchObject([{ field: "body", code: "too_large" }]);
    const oversized = session.request({ ...headers, "x-fill": "y".repeat(20_000) });
    await expect(once(oversized, "response")).rejects.toThrow();
  });

  it("ends idle connections when the gateway closes, and busy ones with their answers", async () => {
    const { port, gateway, services } = await runGateway();
    const idle = http2Session(port);
    await once(idle, "remoteSettings");
    const [asked, release] = [gate(), gate()];
    services.events.listEvents = async () => {
      asked.open();
      await release.promise;
      return { nextPageToken: "last" };
    };
    const transport = createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "2" });
    const answer = createClient(EventService, transport).listEvents({}, bearer);
    await asked.promise;
    const closed = gateway.close();
    await once(idle, "close");
    release.open();
    expect(await answer).toMatchObject({ nextPageToken: "last" });
    await closed;
  });

  it("is told from HTTP/1.1 however its first bytes are cut", async () => {
    const { port } = await runGateway();
    const socket = connect(port, "127.0.0.1").setNoDelay();
    onTestFinished(() => void socket.destroy());
    // One byte a turn of the loop: each is a read of its own at the other end, or several are; both must do.
    for (const byte of PREFACE) await new Promise((resolve) => socket.write(byte, () => setImmediate(resolve)));
    socket.write(EMPTY_SETTINGS);
    const [frame] = (await once(socket, "data")) as [Buffer];
    expect(frame[3]).toBe(4); // SETTINGS
  });

  it.each(["P", "PR", "PRO", "PRIVATE / HTTP/1.1\r\n\r\n"])("leaves %j to HTTP/1.1, or lets it go", async (text) => {
    const { port } = await runGateway();
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.end(text).resume();
    await once(socket, "close");
  });

  it("leaves HTTP/1.1 in pieces to HTTP/1.1", async () => {
    const { port } = await runGateway();
    const [answer] = parseAnswers(
      await exchangeRaw(port, ["P", "OST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]),
    );
    expect(answer!.status).toBe(404);
  });
});

describe("slow clients of HTTP/2", () => {
  /** A server of its own, whose limits are short. */
  async function runServer(limits: Partial<Http2Options>): Promise<number> {
    const server = createServer();
    server.on("clientError", ({ code }: Error & { code?: string }, socket) => socket.end(code));
    const draining = new AbortController().signal;
    const handler: Http2Options["handler"] = (message) => message.resume();
    const forever = 60_000;
    const { destroy } = serveHttp2Too(server, {
      handler,
      firstBytesTimeoutMs: forever,
      requestTimeoutMs: forever,
      idleTimeoutMs: forever,
      maxHeaderBytes: 1_000,
      draining,
      ...limits,
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      destroy();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  it("are shut out when they send nothing, as slow clients of HTTP/1.1 are", async () => {
    const port = await runServer({ firstBytesTimeoutMs: 1 });
    expect(await exchangeRaw(port, [])).toBe("ERR_HTTP_REQUEST_TIMEOUT");
    expect(await exchangeRaw(port, ["PR"])).toBe("ERR_HTTP_REQUEST_TIMEOUT");
  });

  it("lose a request that they do not finish", async () => {
    const session = http2Session(await runServer({ requestTimeoutMs: 1 }));
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.on("error", () => undefined);
    stream.write("begun");
    await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it("lose a connection that they do not use", async () => {
    const session = http2Session(await runServer({ idleTimeoutMs: 1 }));
    await once(session, "close");
  });
});
