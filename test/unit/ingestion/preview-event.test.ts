import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AttributionScopeSchema } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
  PreviewEventRequestSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { IngestionContext } from "../../../services/ingestion/context.ts";
import { newEvent } from "../../../services/ingestion/incoming-event.ts";
import { previewEvent } from "../../../services/ingestion/preview-event.ts";
import type { EventStore } from "../../../services/ingestion/store.ts";
import { modelEventStore } from "../../contract/ingestion/model-store.ts";
import { openServices, type Services } from "./preview-fixture.ts";

const HOUR_MS = 3_600_000;
const RECEIVED_MS = Date.UTC(2026, 10, 21);
const app = { tenantId: "t1", appId: "app1" };

interface Sketch {
  readonly id: string;
  readonly user?: string;
  readonly token?: string;
  /** Hours before receipt. */
  readonly hoursAgo?: number;
  readonly name?: string;
  readonly paramsJson?: string;
  readonly tenantId?: string;
}

function incoming({ id, user = "", token = "phone", hoursAgo = 1, name = "bought", ...rest }: Sketch): IncomingEvent {
  const eventTimeMs = RECEIVED_MS - hoursAgo * HOUR_MS;
  return create(IncomingEventSchema, {
    ...app,
    fingerprint: createHash("sha256").update(id).digest("hex"),
    kind: EventKind.DEVICE,
    sentAppUserId: user,
    eventName: name,
    eventTime: new Date(eventTimeMs).toISOString(),
    eventTimeMs,
    receivedTimeMs: RECEIVED_MS,
    deviceToken: token,
    deviceKey: createHash("sha256").update(token).digest("hex"),
    platform: "ios",
    pushPermissionGranted: true,
    timezone: "Europe/Helsinki",
    language: "fi",
    country: "FI",
    sessionId: "s1",
    paramsJson: "{}",
    contextJson: "{}",
    surface: "smartapppush",
    ...rest,
  });
}

const READS = new Set<keyof EventStore>([
  "get",
  "list",
  "floating",
  "borderAtOrAfter",
  "borderBefore",
  "deviceEventBefore",
  "listDefinitionNames",
]);

/** Refuses everything but reads. */
function readOnly<T extends object>(store: T, reads: ReadonlySet<string>): T {
  return new Proxy(store, {
    get(target, name) {
      if (!reads.has(String(name))) throw new Error(`${String(name)} is no read`);
      return Reflect.get(target, name);
    },
  });
}

/** A preview over stored events, for whom writing is an error. */
async function previewOver(stored: readonly Sketch[], scope?: object) {
  const events = modelEventStore();
  await events.insert(stored.map((sketch) => newEvent(incoming(sketch))));
  for (const { app, eventName } of stored.map((sketch) => newEvent(incoming(sketch)))) {
    const seen = { app, eventName, firstSeenMs: 0, lastSeenMs: 0, parameters: new Map() };
    await events.observeDefinitions([seen]);
  }
  const scopes = scope === undefined ? [] : [create(AttributionScopeSchema, scope)];
  const devices = readOnly({ getAttributionScopes: async () => ({ scopes }) }, new Set(["getAttributionScopes"]));
  const context = { events: readOnly(events, READS), devices } as unknown as IngestionContext;
  const preview = previewEvent(context);
  return (sketch: Sketch) => preview(create(PreviewEventRequestSchema, { event: incoming(sketch) }));
}

describe("PreviewEvent", () => {
  it("tells a first event, and writes nothing", async () => {
    const preview = await previewOver([]);
    expect(await preview({ id: "a", user: "ann", name: "level_up" })).toEqual({
      duplicate: false,
      skewedFuture: false,
      late: false,
      effectiveTimeMs: RECEIVED_MS - HOUR_MS,
      newDevice: true,
      ownerBefore: "",
      ownerAfter: "ann",
      attributedTo: "ann",
      takesAnonymousEvents: 0,
      newEventName: true,
      similarEventName: "",
      missingUsualParameters: [],
    });
  });

  it("tells a duplicate as it was stored", async () => {
    const preview = await previewOver([{ id: "a", user: "ann" }]);
    expect(await preview({ id: "a", user: "ann", hoursAgo: 24 * 31 })).toMatchObject({
      duplicate: true,
      late: false,
      effectiveTimeMs: RECEIVED_MS - HOUR_MS,
      newDevice: false,
      ownerBefore: "ann",
      ownerAfter: "ann",
      attributedTo: "ann",
    });
  });

  it("lets a late event know no device and own nothing, and an early one count at its receipt", async () => {
    const preview = await previewOver([]);
    expect(await preview({ id: "a", user: "ann", hoursAgo: 24 * 30 + 1 })).toMatchObject({
      late: true,
      newDevice: false,
      ownerAfter: "",
      attributedTo: "ann",
    });
    expect(await preview({ id: "a", hoursAgo: -2 })).toMatchObject({
      skewedFuture: true,
      effectiveTimeMs: RECEIVED_MS,
      attributedTo: "anon:phone",
    });
  });

  it("counts what a login takes up to 100, and nothing for a user who was unlinked", async () => {
    const anonymous = Array.from({ length: 120 }, (_, index) => ({ id: `anon-${index}`, hoursAgo: 5 }));
    const border = { id: "earlier", user: "bob", hoursAgo: 5 };
    const login = { id: "login", user: "ann", hoursAgo: 1 };
    expect(await (await previewOver(anonymous.slice(0, 3)))(login)).toMatchObject({ takesAnonymousEvents: 3 });
    expect(await (await previewOver(anonymous))(login)).toMatchObject({ takesAnonymousEvents: 100 });
    expect(await (await previewOver([...anonymous, border]))(login)).toMatchObject({ takesAnonymousEvents: 0 });
    const deviceKeys = [incoming(login).deviceKey];
    const unlinked = { deviceKeys, rootToken: "phone", known: true, unlinkedAppUserIds: ["ann"] };
    expect(await (await previewOver(anonymous, unlinked))(login)).toMatchObject({ takesAnonymousEvents: 0 });
  });

  it("finds the known name that a new one is close to, of the catalogue or of the app", async () => {
    const preview = await previewOver([{ id: "a", name: "level_up" }]);
    expect(await preview({ id: "b", name: "app_open" })).toMatchObject({
      newEventName: true,
      similarEventName: "app_opened",
    });
    expect(await preview({ id: "b", name: "levelUp" })).toMatchObject({
      newEventName: true,
      similarEventName: "level_up",
    });
    expect(await preview({ id: "b", name: "level_up" })).toMatchObject({ newEventName: false, similarEventName: "" });
    const other = await preview({ id: "b", name: "levelUp", tenantId: "t2" });
    expect(other).toMatchObject({ newEventName: true, similarEventName: "" });
  });

  it("names what a system event lacks of its usual parameters", async () => {
    const preview = await previewOver([]);
    const sent = { id: "a", name: "purchase_completed", paramsJson: '{"amount":1,"currency":null}' };
    expect(await preview(sent)).toMatchObject({
      newEventName: false,
      missingUsualParameters: ["order_id", "item_count"],
    });
  });

  it("refuses what is no device event", async () => {
    const preview = previewEvent({} as IngestionContext);
    const event = { ...incoming({ id: "a" }), kind: EventKind.USER };
    for (const request of [{}, { event }]) {
      const refusal = await preview(create(PreviewEventRequestSchema, request)).catch((error) => error);
      expect(ConnectError.from(refusal).code).toBe(Code.InvalidArgument);
    }
  });
});

describe("what PreviewEvent tells", () => {
  let services: Services;
  beforeAll(async () => {
    services = await openServices();
  });
  afterAll(() => services.close());

  const sketch = fc.record({
    user: fc.constantFrom("", "", "ann", "bob"),
    token: fc.constantFrom("phone", "tablet"),
    hoursAgo: fc.constantFrom(-2, 0, 1, 2, 3, 4, 5, 24 * 31),
    name: fc.constantFrom("bought", "logged_in", "logged_out"),
  });
  const step = fc.oneof({ weight: 8, arbitrary: sketch }, { weight: 1, arbitrary: fc.constant("refresh" as const) });
  let run = 0;

  it("property: is what ingesting the event then does", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), async (steps) => {
        run += 1;
        const tenantId = `t-${run}`;
        for (const [index, each] of steps.entries()) {
          if (each === "refresh") {
            const tokens = { oldToken: "phone", newToken: "tablet", receivedTimeMs: RECEIVED_MS };
            await services.ingestion.refreshToken({ ...app, tenantId, ...tokens });
          } else {
            await compare(services, incoming({ ...each, tenantId, id: `${run}/${index}` }));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** Previews an event, ingests it, and compares what was told with what became of it. */
async function compare({ ingestion, events, devices }: Services, event: IncomingEvent): Promise<void> {
  const { tenantId, appId, deviceToken, fingerprint } = event;
  const key = { tenantId, appId };
  const list = async () => (await events.listEvents({ ...key, pageSize: 1_000 })).events;
  const device = async () => {
    try {
      return (await devices.getDevice({ ...key, deviceToken })).device;
    } catch (error) {
      if (ConnectError.from(error).code === Code.NotFound) return undefined;
      throw error;
    }
  };
  const [before, deviceBefore] = [await list(), await device()];
  const told = await ingestion.previewEvent({ event });
  expect(await list()).toEqual(before);
  const { verdicts } = await ingestion.ingestEvents({ events: [event] });
  expect(verdicts[0]).toMatchObject({ effectsApplied: true });
  const [after, deviceAfter] = [await list(), await device()];
  const stored = after.find((each) => each.fingerprint === fingerprint);
  const taken = after.filter((each) => {
    const was = before.find((other) => other.fingerprint === each.fingerprint);
    return was !== undefined && was.sentAppUserId === "" && was.appUserId !== each.appUserId;
  });
  expect(told).toMatchObject({
    duplicate: false,
    late: stored?.flags.includes("late"),
    skewedFuture: stored?.flags.includes("skewed_future"),
    newDevice: deviceBefore === undefined && deviceAfter !== undefined,
    ownerBefore: deviceBefore?.ownerAppUserId ?? "",
    ownerAfter: deviceAfter?.ownerAppUserId ?? "",
    attributedTo: stored?.appUserId,
    takesAnonymousEvents: taken.length,
  });
  expect(await ingestion.previewEvent({ event })).toMatchObject({ duplicate: true, takesAnonymousEvents: 0 });
}
