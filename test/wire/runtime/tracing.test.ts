import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { runCarillon, type Script } from "../../process/run-carillon.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./otlp-receiver.ts";

const fiveProcesses = "services/trial/main.ts";
const oneProcess = "gateway/single-process.ts";
/** Six processes that load the SDK take their time where processors are few. */
const TIMEOUT_MS = 240_000;
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

/** Carillon with a collector: its demo app, and a way to send events. */
async function traced(program: Script, environment: Record<string, string>) {
  const quiet = { CARILLON_LOG_LEVEL: "error", CARILLON_RATE_LIMIT: "0", OTEL_BSP_SCHEDULE_DELAY: "50" };
  const { url, demo, stop } = await runCarillon({ script: program, settings: { ...quiet, ...environment } });
  onTestFinished(async () => expect(await stop()).toBe(0));
  let events = 0;
  return {
    demo,
    send(headers: Record<string, string> = {}) {
      events += 1;
      const body = {
        tenant_id: demo.tenant_id,
        api_key: demo.api_key,
        app_user_id: "secret-user",
        event_name: "seen",
        event_time: new Date().toISOString(),
        device_token: `secret-token-${events}`,
        platform: "web",
        timezone: "UTC",
        language: "en",
        country: "US",
        session_id: "s",
      };
      return fetch(`${url}/events`, { method: "POST", headers, body: JSON.stringify(body) });
    },
  };
}

/** `service name` of a span and those above it, from the outermost. */
function pathOf(span: ReceivedSpan, { spans }: OtlpReceiver): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent === undefined ? [] : pathOf(parent, { spans } as OtlpReceiver)), `${span.service} ${span.name}`];
}

/** The spans of what one event writes, as each kind of store calls them. */
const sqlite = {
  insert: "events.insert",
  complete: "events.complete",
  device: "documents.save",
  profile: "documents.save",
};
const commands = {
  insert: "insert events",
  complete: "update events",
  device: "update devices",
  profile: "update profiles",
};

const [mongodb] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",");
if (!mongodb) process.stderr.write("skipped: traces into MongoDB; set CARILLON_TEST_MONGODB_URL to have them\n");
const stores = [
  { store: "SQLite", settings: {}, operations: sqlite },
  ...(mongodb
    ? [{ store: "MongoDB", settings: { CARILLON_DATABASE_URL: databaseUrl(mongodb) }, operations: commands }]
    : []),
];

function databaseUrl(server: string): string {
  return `${server}/traces-${randomUUID().slice(0, 8)}?directConnection=true`;
}

test.each(stores)(
  "one event is one trace from the request to the stores of all the services that it goes through: $store",
  {
    timeout: TIMEOUT_MS,
  },
  async ({ settings, operations }) => {
    await using collector = await startOtlpReceiver();
    const { send, demo } = await traced(fiveProcesses, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...settings });
    const response = await send({ traceparent: `00-${TRACE}-${PARENT}-01` });
    expect(response.status).toBe(200);
    const ours = () => collector.spans.filter(({ traceId }) => traceId === TRACE);
    const named = (service: string, name: string) =>
      ours().find((span) => span.service === service && span.name === name);
    const { insert, complete, device, profile } = operations;
    const ends: readonly (readonly [string, string])[] = [
      ["ingestion", insert],
      ["ingestion", complete],
      ["device", device],
      ["identity", profile],
      ["gateway", "POST /events"],
    ];
    await collector.until(() => ends.every(([service, name]) => named(service, name) !== undefined));

    const request = "gateway POST /events";
    const ingest = "carillon.ingestion.v1.IngestionService/IngestEvents";
    const batch = [request, "gateway batch of events", `gateway ${ingest}`, `ingestion ${ingest}`];
    const observe = "carillon.device.v1.DeviceRegistryService/ObserveDevices";
    const profiles = "carillon.identity.v1.IdentityService/ObserveProfiles";
    const path = (service: string, name: string) => pathOf(named(service, name)!, collector);
    expect(path("ingestion", insert)).toEqual([...batch, `ingestion ${insert}`]);
    expect(path("ingestion", complete)).toEqual([...batch, `ingestion ${complete}`]);
    expect(path("device", device)).toEqual([...batch, `ingestion ${observe}`, `device ${observe}`, `device ${device}`]);
    expect(path("identity", profile)).toEqual([
      ...batch,
      `ingestion ${profiles}`,
      `identity ${profiles}`,
      `identity ${profile}`,
    ]);

    const root = named("gateway", "POST /events")!;
    expect(root.parentSpanId).toBe(PARENT);
    const attributes = Object.fromEntries(root.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
    expect(attributes).toMatchObject({
      "http.route": "/events",
      "http.response.status_code": 200,
      "carillon.verdict": "stored",
      "carillon.request_id": response.headers.get("x-request-id"),
    });
    for (const secret of ["secret-user", "secret-token", demo.api_key]) expect(collector.text()).not.toContain(secret);
  },
);

test("garbage begins a trace of its own, and events that share a batch are linked with it", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using collector = await startOtlpReceiver();
  const { send } = await traced(oneProcess, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const garbage = ["", "00-xyz", `00-${"0".repeat(32)}-${PARENT}-01`, `ff-${TRACE}-${PARENT}-01`, "x".repeat(8_000)];
  const answers = await Promise.all(garbage.map((traceparent) => send({ traceparent, tracestate: "=,=;\u00e9" })));
  expect(answers.map(({ status }) => status)).toEqual(garbage.map(() => 200));
  const requests = () => collector.spans.filter(({ name, traceId }) => name === "POST /events" && traceId !== TRACE);
  await collector.until(() => requests().length === garbage.length);
  expect(new Set(requests().map(({ traceId }) => traceId)).size).toBe(garbage.length);
  await collector.until(() => {
    const batches = collector.spans.filter(({ name }) => name === "batch of events");
    const reached = (id: string) =>
      batches.some(({ parentSpanId, links = [] }) => parentSpanId === id || links.some(({ spanId }) => spanId === id));
    return requests().every(({ spanId }) => reached(spanId));
  });
});

test("a collector that is away costs nothing but spans", { timeout: TIMEOUT_MS }, async () => {
  const { send } = await traced(oneProcess, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
  expect((await send()).status).toBe(200);
});

test("without a collector there are no spans and OpenTelemetry is not loaded; an unknown protocol is an error", async () => {
  const { startTracing, tracing } = await import("../../../services/runtime/tracing.ts");
  const lifecycle = { onStop: () => expect.unreachable() } as never;
  for (const environment of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SDK_DISABLED: "true" },
  ]) {
    await startTracing("test", { environment, lifecycle });
    expect(tracing()).toBeUndefined();
  }
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  await expect(startTracing("test", { environment, lifecycle })).rejects.toThrow("should be http/json");
});
