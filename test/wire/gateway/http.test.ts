import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { eventBody, gate, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers, rawPost } from "./raw-http.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("request ids", () => {
  it.each(["a", "!".repeat(128), "3e0b7c6e-trace~"])("takes over the sane id %s", async (id) => {
    const { post } = await runGateway();
    const response = await post("/events", eventBody(), { "x-request-id": id });
    expect(response.headers.get("x-request-id")).toBe(id);
  });

  it.each(["", "x".repeat(129), "with space", "naïve", "tab\tbed"])("replaces the insane id %j", async (id) => {
    const { port } = await runGateway();
    const request = rawPost("/nowhere", "", [`X-Request-Id: ${id}`, "Connection: close"]);
    const [answer] = parseAnswers(await exchangeRaw(port, [Buffer.from(request, "latin1")]));
    expect(answer!.headers.get("x-request-id")).toMatch(UUID);
  });

  it("stand on every kind of answer", async () => {
    const { url, post } = await runGateway();
    const answers = [
      await post("/events", "{"),
      await post("/nowhere", "{}"),
      await fetch(`${url}/events`),
      await fetch(`${url}/events`, { method: "OPTIONS" }),
      await fetch(`${url}/healthz`),
      await fetch(`${url}/%zz`),
      await post("/carillon.ingestion.v1.EventService/ListEvents", {}),
      await post("/carillon.ingestion.v1.IngestionService/IngestEvents", {}),
    ];
    for (const answer of answers) expect(answer.headers.get("x-request-id"), `${answer.url}`).toMatch(UUID);
    for (const answer of answers) expect(answer.headers.get("x-content-type-options"), `${answer.url}`).toBe("nosniff");
    expect(new Set(answers.map(({ headers }) => headers.get("x-request-id"))).size).toBe(answers.length);
  });
});

describe("paths and methods", () => {
  it.each(["/", "/nowhere", "/events/", "/Events", "/events/1", "/%zz", "/events%2f"])(
    "answers 404 at %s",
    async (path) => {
      const { url } = await runGateway();
      const response = await fetch(`${url}${path}`, { method: "POST", body: "{}" });
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      expect(await response.json()).toMatchObject({ errors: [{ field: "body", code: "not_found" }] });
    },
  );

  it.each(["GET", "PUT", "DELETE", "PATCH"])("answers 405 to %s with what is allowed", async (method) => {
    const { url } = await runGateway();
    const response = await fetch(`${url}/events?x=1`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
    expect(await response.json()).toMatchObject({ errors: [{ field: "body", code: "method_not_allowed" }] });
  });

  it.each(["PROPFIND", "TRACE", "QUERY"])("answers 405 to the method %s as well", async (method) => {
    const { port } = await runGateway();
    const request = `${method} /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const [answer] = parseAnswers(await exchangeRaw(port, [request]));
    expect(answer!.status).toBe(405);
    expect(answer!.headers.get("allow")).toBe("POST, OPTIONS");
  });

  it("answers 405 to methods that nobody knows, and 404 where nothing is served", async () => {
    const { port } = await runGateway();
    const ask = async (target: string) =>
      parseAnswers(await exchangeRaw(port, [`BREW ${target} HTTP/1.1\r\nHost: x\r\n\r\n`]))[0]!;
    const brewed = await ask("/v1/events?x=1");
    expect([brewed.status, brewed.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect(JSON.parse(brewed.body)).toMatchObject({ code: "METHOD_NOT_ALLOWED" });
    expect((await ask("/nowhere")).status).toBe(404);
    expect((await ask("no\u0000line")).status).toBe(400);
  });

  it.each(["OPTIONS", "GET"])("answers %s of no path at all as 404", async (method) => {
    const { port } = await runGateway();
    const request = `${method} * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const [answer] = parseAnswers(await exchangeRaw(port, [request]));
    expect([answer!.status, JSON.parse(answer!.body).errors[0].code]).toEqual([404, "not_found"]);
  });

  it("leaves bodies alone where none is taken", async () => {
    const { port } = await runGateway();
    const headers = ["Content-Type: application/json", "Connection: close"];
    const request = rawPost("/healthz", "{", headers).replace("POST", "OPTIONS");
    const [answer] = parseAnswers(await exchangeRaw(port, [request]));
    expect(answer!.status).toBe(204);
  });

  it("answers HEAD without a body, 405 where GET is not served", async () => {
    const { url } = await runGateway();
    const events = await fetch(`${url}/events`, { method: "HEAD" });
    expect([events.status, events.headers.get("allow"), await events.text()]).toEqual([405, "POST, OPTIONS", ""]);
    const health = await fetch(`${url}/healthz`, { method: "HEAD" });
    expect([health.status, await health.text()]).toEqual([200, ""]);
  });

  it("never reads the body of a request that goes nowhere", async () => {
    const { port } = await runGateway();
    const head = "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n";
    const [answer] = parseAnswers(await exchangeRaw(port, [head]));
    expect(answer!.status).toBe(404);
  });
});

describe("CORS", () => {
  const paths = ["/events", "/pushes/opened", "/devices/refresh-token"];

  it.each(paths)("answers the preflight of %s to anybody, for a day", async (path) => {
    const { url, services } = await runGateway();
    services.identity.resolveKey = () => {
      throw new Error("a preflight has no credentials");
    };
    const response = await fetch(`${url}${path}`, {
      method: "OPTIONS",
      headers: {
        origin: "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-trace",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
    expect(response.headers.get("access-control-allow-headers")).toBe("content-type,x-trace");
    expect(response.headers.get("access-control-max-age")).toBe("86400");
  });

  it("does not send back headers that are no list of names", async () => {
    const { url } = await runGateway();
    const headers = { "access-control-request-method": "POST", "access-control-request-headers": "a b; c" };
    const response = await fetch(`${url}/events`, { method: "OPTIONS", headers });
    expect(response.headers.get("access-control-allow-headers")).toBe("Content-Type, Content-Encoding, X-Request-Id");
  });

  it("lets scripts read successes and refusals alike", async () => {
    const { post } = await runGateway();
    for (const body of [eventBody(), "{"]) {
      const response = await post("/events", body, { origin: "https://shop.example" });
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-expose-headers")).toContain("X-Request-Id");
    }
  });

  it("does not open the operator API to other origins", async () => {
    const { post } = await runGateway();
    const response = await post("/carillon.ingestion.v1.EventService/ListEvents", {});
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("connections", () => {
  it("answers pipelined requests in their order, whichever is done first", async () => {
    const { port, services } = await runGateway();
    const opened = gate();
    services.ingestion.ingestEvents = async ({ events }) => {
      await opened.promise;
      return { verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.STORED })) };
    };
    services.tracking.reportPushes = () => {
      opened.open();
      return {};
    };
    const event = eventBody();
    const report = { tenant_id: "t1", api_key: event.api_key, tracking_token: randomUUID() };
    const requests = [
      rawPost("/events", JSON.stringify(event)),
      rawPost("/pushes/opened", JSON.stringify(report)),
      rawPost("/nowhere", "", ["Connection: close"]),
    ];
    const answers = parseAnswers(await exchangeRaw(port, [requests.join("")]));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
    expect(answers[0]!.body).toContain("fingerprint");
    expect(answers[1]!.body).toContain("success");
  });

  it("answers requests that precede garbage before it answers that", async () => {
    const { port, services } = await runGateway();
    const asked = gate();
    const release = gate();
    services.ingestion.ingestEvents = async ({ events }) => {
      asked.open();
      await release.promise;
      return { verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.STORED })) };
    };
    const text = exchangeRaw(port, [`${rawPost("/events", JSON.stringify(eventBody()))}garbage\r\n\r\n`]);
    await asked.promise;
    release.open();
    const answers = parseAnswers(await text);
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[1]!.headers.get("x-request-id")).toMatch(UUID);
    expect(JSON.parse(answers[1]!.body).errors).toMatchObject([{ field: "body", code: "malformed_json" }]);
  });

  it.each([
    ["garbage", "garbage\r\n\r\n", 400],
    ["oversized headers", `POST /events HTTP/1.1\r\nHost: x\r\nX-Fill: ${"y".repeat(20_000)}\r\n\r\n`, 431],
    ["a broken chunk", "POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
    ["two lengths", "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400],
  ])("answers %s as JSON and closes", async (_, text, status) => {
    const { port, log } = await runGateway();
    const [answer] = parseAnswers(await exchangeRaw(port, [text]));
    expect(answer!.status).toBe(status);
    expect(answer!.headers.get("x-request-id")).toMatch(UUID);
    expect(answer!.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer!.headers.get("access-control-allow-origin")).toBe("*");
    expect(JSON.parse(answer!.body).errors).toMatchObject([{ field: "body" }]);
    const line = { requestId: answer!.headers.get("x-request-id") };
    await vi.waitFor(() => expect(log.filter(({ msg }) => msg === "request")).toMatchObject([line]));
  });

  it.each([
    ["no host", `POST /events HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, 400],
    ["no host at the operator API", "POST /carillon.ingestion.v1.EventService/GetEvent HTTP/1.0\r\n\r\n", 400],
    ["a strange host", "POST /carillon.ingestion.v1.EventService/GetEvent HTTP/1.0\r\nHost: a b\r\n\r\n", 400],
    ["HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", 200],
    ["a strange expectation", "GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nConnection: close\r\n\r\n", 200],
  ])("answers %s itself", async (_, text, status) => {
    const { port } = await runGateway();
    const [answer] = parseAnswers(await exchangeRaw(port, [text]));
    expect(answer!.status).toBe(status);
    expect(answer!.headers.get("x-request-id")).toMatch(UUID);
    expect(answer!.headers.get("content-type")).toMatch(/^application\/json/);
  });

  it("keeps a connection alive after an answer", async () => {
    const { port } = await runGateway();
    const body = JSON.stringify(eventBody());
    const requests = [rawPost("/events", body), rawPost("/events", body, ["Connection: close"])];
    expect(parseAnswers(await exchangeRaw(port, requests)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it("finishes accepted requests before it closes, and ends their connections", async () => {
    const { port, services, gateway } = await runGateway();
    const asked = gate();
    const release = gate();
    services.ingestion.ingestEvents = async ({ events }) => {
      asked.open();
      await release.promise;
      return { verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.STORED })) };
    };
    const text = exchangeRaw(port, [rawPost("/events", JSON.stringify(eventBody()))]);
    await asked.promise;
    const closed = gateway.close();
    release.open();
    const [answer] = parseAnswers(await text);
    expect(answer!.status).toBe(200);
    expect(answer!.headers.get("connection")).toBe("close");
    await closed;
    await expect(exchangeRaw(port, [])).rejects.toThrow("ECONNREFUSED");
  });
});
