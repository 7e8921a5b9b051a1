import { connect } from "node:net";
import { Registry } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { eventBody, gate, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers, rawPost } from "./raw-http.ts";

describe("the request log", () => {
  it("tells one line a request, without secrets", async () => {
    const { post, log } = await runGateway();
    const body = eventBody({ app_user_id: "user-with-name" });
    await post("/events?api_key=in-the-query", body, { "x-request-id": "r-1", authorization: "Bearer hidden" });
    await post("/events", eventBody({ platform: "PC" }));
    await post("/csk_in-the_path/x", {});
    const lines = log.filter(({ msg }) => msg === "request");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      requestId: "r-1",
      surface: "smartapppush",
      method: "POST",
      path: "/events",
      verdict: "stored",
      status: 200,
      ms: 0,
    });
    expect(lines[1]).toMatchObject({ verdict: "invalid_value", status: 400 });
    expect(lines[2]).toMatchObject({ path: "/[redacted]/x", verdict: "not_found", status: 404 });
    const text = JSON.stringify(log);
    for (const secret of [body.api_key, "in-the-query", "hidden", body.device_token, "user-with-name"]) {
      expect(text).not.toContain(secret);
    }
  });

  it("tells of a sender that left, whose event is stored all the same", async () => {
    const { port, log, services } = await runGateway();
    const asked = gate();
    const release = gate();
    const store = services.ingestion.ingestEvents!;
    services.ingestion.ingestEvents = async (request, context) => {
      asked.open();
      await release.promise;
      return store(request, context);
    };
    const socket = connect(port, "127.0.0.1");
    socket.write(rawPost("/events", JSON.stringify(eventBody())));
    await asked.promise;
    socket.destroy();
    await vi.waitFor(() =>
      expect(log).toContainEqual(expect.objectContaining({ verdict: "client_gone", status: 499 })),
    );
    release.open();
    await vi.waitFor(() => expect(services.stored.size).toBe(1));
    expect(log.filter(({ msg }) => msg === "request")).toHaveLength(1);
  });

  it("tells a defect with its stack to the log and nothing of it to the sender", async () => {
    const { post, log, services } = await runGateway();
    services.ingestion.refreshToken = () => {
      throw new TypeError("cannot read secrets of undefined");
    };
    const body = { tenant_id: "t1", api_key: eventBody().api_key, old_token: "a", new_token: "b" };
    const response = await post("/devices/refresh-token", body);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await response.text()).not.toContain("secrets");
    expect(log.find(({ msg }) => msg === "request")).toMatchObject({ level: 50, verdict: "internal" });
  });
});

describe("health", () => {
  it("is live in any case, and ready while what it needs works and it is not stopping", async () => {
    let works = false;
    const { url, gateway, port, services } = await runGateway({ isReady: () => works });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const unready = await fetch(`${url}/readyz`);
    expect(unready.status).toBe(503);
    expect(unready.headers.get("retry-after")).toBe("1");
    expect(await unready.json()).toEqual({ status: "not_ready" });
    works = true;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    // A request under way keeps the connection, on which the next one is asked while the gateway stops.
    const asked = gate();
    const release = gate();
    services.ingestion.ingestEvents = async ({ events }) => {
      asked.open();
      await release.promise;
      return { verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.STORED })) };
    };
    const event = rawPost("/events", JSON.stringify(eventBody()));
    const text = exchangeRaw(port, [event, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"]);
    await asked.promise;
    const closed = gateway.close();
    release.open();
    const answers = parseAnswers(await text);
    await closed;
    expect(answers[0]!.status).toBe(200);
  });

  it("measures requests by surface, verdict and status", async () => {
    const metrics = new Registry();
    const { post } = await runGateway({ metrics });
    await post("/events", eventBody());
    await post("/events", "{");
    const text = await metrics.metrics();
    expect(text).toContain(
      'carillon_gateway_requests_total{surface="smartapppush",endpoint="/events",verdict="stored",status="200"} 1',
    );
    expect(text).toContain(
      'carillon_gateway_requests_total{surface="smartapppush",endpoint="/events",verdict="malformed_json",status="400"} 1',
    );
  });
});
