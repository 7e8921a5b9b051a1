import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { DeviceRegistryService } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { ProfileService } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import {
  GetEventRequestSchema,
  GetEventResponseSchema,
  ListEventDefinitionsRequestSchema,
  ListEventsRequestSchema,
  ListEventsResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { getEvent } from "../../../services/ingestion/get-event.ts";
import { listEventDefinitions } from "../../../services/ingestion/list-event-definitions.ts";
import { listEvents } from "../../../services/ingestion/list-events.ts";
import type { EventStore } from "../../../services/ingestion/store.ts";
import { event, fingerprint, start } from "../../contract/ingestion/event-fixture.ts";
import { modelEventStore } from "../../contract/ingestion/model-store.ts";

const scope = { tenantId: "tenant", appId: "app" };
const { signal } = new AbortController();
/** Services that know nobody. */
const nowhere = createRouterTransport(({ rpc }) => {
  rpc(ProfileService.method.getProfile, () => {
    throw new ConnectError("nobody", Code.NotFound);
  });
  rpc(DeviceRegistryService.method.getAttributionScopes, () => ({}));
});
const elsewhere = {
  profiles: createClient(ProfileService, nowhere),
  devices: createClient(DeviceRegistryService, nowhere),
};

let events: EventStore;
beforeEach(() => {
  events = modelEventStore();
});

/** An answer as it is sent over HTTP. */
async function list(request: JsonValue & object): Promise<{ events: string[]; nextPageToken: string }> {
  const read = listEvents({ events, ...elsewhere });
  const answer = await read(fromJson(ListEventsRequestSchema, { ...scope, ...request }), { signal });
  const page = create(ListEventsResponseSchema, answer);
  return { events: page.events.map((each) => each.fingerprint), nextPageToken: page.nextPageToken };
}

function refused(message: RegExp) {
  return expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringMatching(message) });
}

describe("an event, as operators read it", () => {
  test("has its times to the nanosecond, its data as objects and its flags as words", async () => {
    const sent = event({
      id: 1,
      user: "ann",
      effectiveMs: -1,
      eventTime: "0001-01-01T00:00:00.0000005Z",
      receivedMs: start + 1,
      late: true,
      skewedFuture: true,
      paramsJson: '{"$a":{"b.c":[1,null]}}',
    });
    await events.insert([sent]);
    const answer = await getEvent({ events })(
      create(GetEventRequestSchema, { ...scope, fingerprint: sent.fingerprint }),
    );
    expect(toJson(GetEventResponseSchema, create(GetEventResponseSchema, answer))).toEqual({
      event: {
        fingerprint: sent.fingerprint,
        appUserId: "ann",
        sentAppUserId: "ann",
        eventName: "product_viewed",
        eventTime: "0001-01-01T00:00:00.000000500Z",
        effectiveTime: "1969-12-31T23:59:59.999Z",
        receivedTime: "2026-01-01T00:00:00.001Z",
        deviceToken: "phone",
        platform: "ios",
        pushPermissionGranted: true,
        timezone: "Zone/1",
        language: "fi",
        country: "FI",
        sessionId: "session",
        params: { $a: { "b.c": [1, null] } },
        context: {},
        flags: ["late", "skewed_future"],
        surface: "smartapppush",
      },
    });
  });

  test("is not found under another app, and what is no fingerprint is refused", async () => {
    await events.insert([event({ id: 1 })]);
    const get = (request: object) => getEvent({ events })(create(GetEventRequestSchema, { ...scope, ...request }));
    await expect(get({ appId: "app2", fingerprint: fingerprint(1) })).rejects.toMatchObject({ code: Code.NotFound });
    await expect(get({ fingerprint: "AB" })).rejects.toEqual(refused(/"AB"/));
    await expect(get({ appId: "", fingerprint: fingerprint(1) })).rejects.toBeInstanceOf(ConnectError);
  });
});

describe("a list of events", () => {
  test("comes in pages that together are the whole, the last one without a token", async () => {
    await events.insert(
      Array.from({ length: 5 }, (_, id) => event({ id, user: "ann", effectiveMs: start + (id % 2) })),
    );
    const whole = (await list({ appUserId: "ann" })).events;
    const first = await list({ appUserId: "ann", pageSize: 2 });
    const second = await list({ appUserId: "ann", pageSize: 2, pageToken: first.nextPageToken });
    const third = await list({ appUserId: "ann", pageSize: 2, pageToken: second.nextPageToken });
    expect([...first.events, ...second.events, ...third.events]).toEqual(whole);
    expect(whole).toHaveLength(5);
    expect(third.nextPageToken).toBe("");
  });

  test("starts at its start time and ends before its end time", async () => {
    await events.insert([0, 1, 2].map((id) => event({ id, effectiveMs: start + id })));
    const between = (startTime: string, endTime: string) => list({ startTime, endTime }).then((page) => page.events);
    expect(await between("2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.002Z")).toEqual([fingerprint(1)]);
    expect(await between("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.001000001Z")).toEqual([fingerprint(1)]);
  });

  test("refuses page sizes and tokens that are none, and a token of another list", async () => {
    await events.insert([1, 2].map((id) => event({ id, user: "ann" })));
    const { nextPageToken } = await list({ appUserId: "ann", pageSize: 1 });
    await expect(list({ appUserId: "bob", pageToken: nextPageToken })).rejects.toEqual(refused(/pageToken/));
    await expect(list({ appId: "app2", appUserId: "ann", pageToken: nextPageToken })).rejects.toEqual(
      refused(/pageToken/),
    );
    await expect(list({ pageToken: "!" })).rejects.toEqual(refused(/pageToken/));
    await expect(list({ pageSize: -1 })).rejects.toEqual(refused(/-1/));
    await expect(list({ pageSize: 1_001 })).rejects.toEqual(refused(/1001/));
  });

  test("ends a page early where events are long, and goes on after it", async () => {
    const paramsJson = JSON.stringify({ text: "x".repeat(9_000_000) });
    await events.insert([1, 2].map((id) => event({ id, user: "ann", paramsJson })));
    const first = await list({});
    const second = await list({ pageToken: first.nextPageToken });
    expect([first.events.length, second.events.length, second.nextPageToken]).toEqual([1, 1, ""]);
  });
});

describe("a list of event definitions", () => {
  test("tells a system event from a custom one", async () => {
    const seen = { app: event({ id: 1 }).app, firstSeenMs: start, lastSeenMs: start + 1 };
    await events.observeDefinitions([
      { ...seen, eventName: "product_viewed", parameters: new Map([["price", ["number"]]]) },
      { ...seen, eventName: "zap", parameters: new Map() },
    ]);
    const answer = await listEventDefinitions({ events })(
      create(ListEventDefinitionsRequestSchema, { ...scope, pageSize: 1_000 }),
    );
    const found = (name: string) => answer.eventDefinitions.find(({ eventName }) => eventName === name);
    expect(found("product_viewed")).toMatchObject({ system: true, category: "E-Commerce" });
    expect(found("product_viewed")?.parameters).toContainEqual({ name: "price", types: ["number"], usual: true });
    expect(found("zap")).toMatchObject({ system: false, category: "Custom", description: "" });
  });
});
