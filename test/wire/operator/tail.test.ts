import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EventService, type TailEventsResponse } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { Script } from "../../process/run-carillon.ts";
import { type CarillonProcess, startCarillon } from "./carillon-process.ts";

type Filter = Readonly<Partial<Record<"appUserId" | "deviceToken" | "eventName" | "verdict", string>>>;

const overConnect = (baseUrl: string): Transport => createConnectTransport({ baseUrl, httpVersion: "1.1" });
const overGrpcWeb = (baseUrl: string): Transport => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" });
const overGrpc = (baseUrl: string): Transport => createGrpcTransport({ baseUrl });

let events = 0;

describe.each<[string, Script]>([
  ["one process", "gateway/single-process.ts"],
  ["five processes", "services/trial/main.ts"],
])("TailEvents in %s", (_, script) => {
  let carillon: CarillonProcess;

  beforeAll(async () => {
    carillon = await startCarillon(script);
  });
  afterAll(() => carillon.stop());

  /** An open tail; it stands once this resolves. */
  async function tail(filter: Filter = {}, make = overConnect) {
    const transport = make(carillon.url);
    const leaving = new AbortController();
    const stream = createClient(EventService, transport).tailEvents(filter, {
      headers: { authorization: `Bearer ${carillon.demo.server_key}` },
      signal: leaving.signal,
    });
    const iterator = stream[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(first.value).toMatchObject({ verdict: "", droppedCount: 0, gap: false });
    return {
      /** The next message that brings an event. */
      async next(): Promise<TailEventsResponse> {
        for (;;) {
          const { value, done } = await iterator.next();
          if (done === true) throw new Error("the stream ended");
          if (value.verdict !== "") return value;
        }
      },
      leave: () => leaving.abort(),
      iterator,
    };
  }

  function event(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    events += 1;
    return {
      tenant_id: carillon.demo.tenant_id,
      api_key: carillon.demo.api_key,
      app_user_id: "u1",
      event_name: "opened",
      event_time: new Date().toISOString(),
      device_token: `device-${events}`,
      platform: "ios",
      timezone: "Europe/Berlin",
      language: "de",
      country: "DE",
      session_id: `session-${events}`,
      params: { number: events },
      ...fields,
    };
  }

  it("tells of accepted and duplicate events as they arrive, over Connect, gRPC-Web and gRPC", async () => {
    for (const make of [overConnect, overGrpcWeb, overGrpc]) {
      const reader = await tail({}, make);
      const sent = event();
      const { fingerprint } = (await carillon.post("/events", sent)).body;
      await carillon.post("/events", sent);
      const accepted = await reader.next();
      expect(accepted).toMatchObject({ verdict: "accepted", errors: [], droppedCount: 0 });
      expect(accepted.event).toMatchObject({ fingerprint, appUserId: "u1", eventName: "opened", params: sent.params });
      expect(await reader.next()).toMatchObject({ verdict: "duplicate", event: { fingerprint } });
      reader.leave();
    }
  });

  it("tells of rejected events of every surface with what their senders were told", async () => {
    const { api_key: apiKey, server_key: serverKey } = carillon.demo;
    const reader = await tail({ verdict: "rejected" });
    /** Sends until it is told of: a gateway that nobody listened to takes up to a second to tell. */
    async function rejected(path: string, body: unknown, headers = {}): Promise<TailEventsResponse> {
      let isTold = false;
      const told = reader.next().finally(() => {
        isTold = true;
      });
      while (!isTold) expect((await carillon.post(path, body, headers)).status).toBe(400);
      return told;
    }
    const first = await rejected(
      "/events",
      event({ event_time: "yesterday", app_user_id: serverKey, language: apiKey }),
    );
    expect(first.event).toMatchObject({ eventName: "opened", surface: "smartapppush", sentAppUserId: "[key]" });
    expect(first.errors.map(({ field, code }) => [field, code])).toEqual([
      ["event_time", "invalid_format"],
      ["language", "invalid_value"],
    ]);
    expect(JSON.stringify(first.errors)).not.toMatch(/c[ps]k_/);

    await drained(reader, { surface: "smartapppush" });
    const second = await rejected("/api/v1/events", { event_name: "bought" }, { "api-key": serverKey });
    expect(second.event).toMatchObject({ eventName: "bought", surface: "pushengage" });
    expect(second.errors).toMatchObject([{ field: "profile_id", code: "1003" }]);

    await drained(reader, { surface: "pushengage" });
    const bearer = { authorization: `Bearer ${serverKey}` };
    const third = await rejected("/v1/events", { event_name: "bought", user_id: "anon:x" }, bearer);
    expect(third.event).toMatchObject({ appUserId: "anon:x", surface: "appizer" });
    expect(third.errors).toMatchObject([{ field: "user_id", code: "INVALID_REQUEST" }]);
    reader.leave();

    /** Nothing of a surface waits any more: a marker that was sent last has come. */
    async function drained(from: typeof reader, { surface }: { surface: string }): Promise<void> {
      const name = `marker-${surface}`;
      await carillon.post("/events", event({ event_name: name, event_time: "never" }));
      while ((await from.next()).event?.eventName !== name);
    }
  });

  it("tells what matches all filters, and nothing of other apps", async () => {
    const reader = await tail({ appUserId: "anon:filtered", deviceToken: "filtered", eventName: "wanted" });
    const fields = { device_token: "filtered", event_name: "wanted", app_user_id: null };
    await carillon.post("/events", event());
    await carillon.post("/events", event({ ...fields, app_user_id: "u1" }));
    await carillon.post("/events", event({ ...fields, event_name: "unwanted" }));
    await carillon.post("/events", event({ ...fields, device_token: "other" }));
    const { operator_token: token, tenant_id: tenantId } = carillon.demo;
    const { body } = await carillon.call("identity.v1.AppService/CreateApp", { tenantId, name: "other" }, token);
    await carillon.post("/events", event({ ...fields, api_key: body.apiKey }));
    const { fingerprint } = (await carillon.post("/events", event(fields))).body;
    expect((await reader.next()).event?.fingerprint).toBe(fingerprint);
    reader.leave();
  });

  it("refuses other verdicts, other apps and client keys", async () => {
    await expect(tail({ verdict: "late" })).rejects.toMatchObject({ code: Code.InvalidArgument });
    const client = createClient(EventService, overConnect(carillon.url));
    const refusal = async (request: object, token: string): Promise<Code> => {
      const stream = client.tailEvents(request, { headers: { authorization: `Bearer ${token}` } });
      return stream[Symbol.asyncIterator]()
        .next()
        .then(
          () => Code.Unknown,
          (error: unknown) => ConnectError.from(error).code,
        );
    };
    const { server_key: serverKey, api_key: apiKey, operator_token: operatorToken } = carillon.demo;
    expect(await refusal({ appId: "other" }, serverKey)).toBe(Code.PermissionDenied);
    expect(await refusal({}, apiKey)).toBe(Code.PermissionDenied);
    expect(await refusal({}, operatorToken)).toBe(Code.InvalidArgument);
    expect(await refusal({}, "nobody")).toBe(Code.Unauthenticated);
  });

  it("ends with the process, which it does not hold up", async () => {
    const readers = [await tail(), await tail({}, overGrpc)];
    const ends = readers.map((reader) => reader.next().catch((error: unknown) => ConnectError.from(error).code));
    expect(await carillon.stop()).toBe(0);
    expect(await Promise.all(ends)).toEqual([Code.Unavailable, Code.Unavailable]);
    carillon = await startCarillon(script);
  });
});
