import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { resolveFake } from "./fake-services.ts";
import { errorsOf, eventBody, gate, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers, rawPost } from "./raw-http.ts";

const unreachable = () => {
  throw new ConnectError("connect ECONNREFUSED 10.0.0.7:9091", Code.Unavailable);
};

describe("credentials of POST /events", () => {
  it("answers 503 while identity cannot be reached and the key is not cached", async () => {
    const { post, services } = await runGateway();
    services.identity.resolveKey = unreachable;
    const response = await post("/events", eventBody());
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    const text = await response.text();
    expect(JSON.parse(text).errors).toMatchObject([{ field: "body", code: "overloaded" }]);
    expect(text).not.toContain("10.0.0.7");
  });

  it("keeps serving cached keys while identity cannot be reached", async () => {
    const { post, services, clock } = await runGateway();
    expect((await post("/events", eventBody())).status).toBe(200);
    services.identity.resolveKey = unreachable;
    await clock.advance(60_000);
    expect((await post("/events", eventBody({ event_name: "later" }))).status).toBe(200);
  });

  it("answers 503 within its time where identity never answers", async () => {
    const { post, services, clock } = await runGateway();
    const asked = gate();
    services.identity.resolveKey = () => {
      asked.open();
      return new Promise(() => undefined);
    };
    const response = post("/events", eventBody());
    await asked.promise;
    await clock.advance(2_000);
    expect((await response).status).toBe(503);
  });

  it("waits for a slow identity", async () => {
    const { post, services } = await runGateway();
    const asked = gate();
    const answered = gate();
    services.identity.resolveKey = async ({ keyHash }) => {
      asked.open();
      await answered.promise;
      return resolveFake(keyHash);
    };
    const response = post("/events", eventBody());
    await asked.promise;
    answered.open();
    expect((await response).status).toBe(200);
  });

  it("tells what else is wrong with a body where its key cannot be looked up", async () => {
    const { post, services } = await runGateway();
    services.identity.resolveKey = unreachable;
    const response = await post("/events", eventBody({ platform: "PC" }));
    expect(response.status).toBe(400);
    expect(await errorsOf(response)).toEqual([{ field: "platform", code: "invalid_value" }]);
  });
});

describe("ingestion behind POST /events", () => {
  it("is asked again with the same content after it failed", async () => {
    const { post, services, clock } = await runGateway();
    const store = services.ingestion.ingestEvents!;
    const failed = gate();
    const seen: unknown[] = [];
    services.ingestion.ingestEvents = (request, context) => {
      seen.push(request.events);
      if (seen.length > 1) return store(request, context);
      failed.open();
      return unreachable();
    };
    const response = post("/events", eventBody());
    await failed.promise;
    await clock.advance(1_000);
    expect((await response).status).toBe(200);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
  });

  it("is never answered for with 200 when it could not store", async () => {
    const { post, services, clock } = await runGateway();
    const failed = gate();
    services.ingestion.ingestEvents = () => {
      failed.open();
      return unreachable();
    };
    const response = post("/events", eventBody());
    await failed.promise;
    await clock.advance(10_000);
    expect((await response).status).toBe(503);
    expect((await response).headers.get("retry-after")).toBe("2");
    expect(await errorsOf(await response)).toEqual([{ field: "body", code: "overloaded" }]);
  });

  it("makes a 503 of a verdict that stays unknown", async () => {
    const { post, services, clock } = await runGateway();
    const asked = gate();
    services.ingestion.ingestEvents = () => {
      asked.open();
      return { verdicts: [{ outcome: EventVerdict_Outcome.UNSPECIFIED }] };
    };
    const response = post("/events", eventBody());
    await asked.promise;
    await clock.advance(10_000);
    expect((await response).status).toBe(503);
  });

  it("sheds at the door, before a body is read, while its queue is old", async () => {
    const { post, services, clock, port } = await runGateway();
    const release = gate();
    let calls = 0;
    const allBusy = gate();
    services.ingestion.ingestEvents = async ({ events }) => {
      calls += 1;
      if (calls === 8) allBusy.open();
      await release.promise;
      return { verdicts: events.map(() => ({ outcome: EventVerdict_Outcome.STORED })) };
    };
    const pending: Promise<Response>[] = [];
    for (let index = 0; index < 8; index += 1) {
      const calledBefore = calls;
      pending.push(post("/events", eventBody({ session_id: `s${index}` })));
      while (calls === calledBefore) await clock.advance(0);
    }
    await allBusy.promise;
    // Waits in the queue behind eight calls that do not end; its key is cached, so it gets there.
    const queued = post("/events", eventBody({ session_id: "queued" }));
    while (!(await isQueueOld())) await clock.advance(100);
    async function isQueueOld() {
      // A request without its body: only a refusal at the door can answer it.
      const { status } = await fetchHead(port);
      return status === 503;
    }
    const shed = await post("/events", "{ not even JSON");
    expect(shed.status).toBe(503);
    expect(shed.headers.get("retry-after")).toBe("2");
    release.open();
    for (const response of [...pending, queued]) expect((await response).status).toBe(200);
    expect((await post("/events", eventBody({ session_id: "after" }))).status).toBe(200);
  });
});

/** Asks whether a request is refused by its head alone: it announces gzip that is none. */
async function fetchHead(port: number): Promise<{ status: number }> {
  const [answer] = parseAnswers(
    await exchangeRaw(port, [rawPost("/events", "x", ["Content-Encoding: gzip", "Connection: close"])]),
  );
  return { status: answer!.status };
}
