import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../../cli/run.ts";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.ts";

const NOW = Date.parse("2026-05-10T12:00:00Z");
const fingerprint = "f".repeat(64);
const folder = mkdtempSync(join(tmpdir(), "carillon-cli-"));
const demo = { tenant_id: "demo", app_id: "app-1", api_key: "demo-key", server_key: "s", operator_token: "op" };
writeFileSync(join(folder, "demo-app.json"), JSON.stringify(demo));

let gateway: FakeGateway;
beforeAll(async () => {
  gateway = await startFakeGateway("op", routes);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await gateway[Symbol.asyncDispose]();
});

function routes(router: ConnectRouter): void {
  const seen = { firstSeenTime: timestampFromMs(NOW), lastSeenTime: timestampFromMs(NOW) };
  const pages = [
    { eventName: "app_opened", system: true, category: "App Lifecycle", parameters: [{ name: "source", usual: true }] },
    { eventName: "shelf_dusted", ...seen, eventCount: 2, parameters: [{ name: "shelf", types: ["number", "string"] }] },
  ];
  router.service(EventService, {
    getEvent(request) {
      if (request.fingerprint !== fingerprint) throw new ConnectError("no such event", Code.NotFound);
      return { event: { fingerprint, eventName: "opened", appUserId: "u1", params: { count: 1 }, surface: "appizer" } };
    },
    listEventDefinitions: ({ pageToken }) => ({
      eventDefinitions: [pages[Number(pageToken)]!],
      nextPageToken: pageToken === "" ? "1" : "",
    }),
  });
}

async function carillon(args: readonly string[], { url = gateway.url, input = "" } = {}) {
  let out = "";
  let err = "";
  const status = await run(args, {
    env: { CARILLON_URL: url, CARILLON_DATA_DIR: folder },
    now: () => NOW,
    input: Readable.from([input]),
    out: (text) => (out += text),
    err: (text) => (err += text),
    columns: undefined,
  });
  return { status, out, err };
}

describe("carillon events get", () => {
  it("shows what an event carries, by its fingerprint or the id that senders of the Appizer API are told", async () => {
    for (const name of [fingerprint, `evt_${fingerprint}`]) {
      const { status, out } = await carillon(["events", "get", name]);
      expect([status, out]).toEqual([0, expect.stringContaining('params        {"count":1}\n')]);
      expect(out).not.toContain("device");
    }
    expect((await carillon(["events", "get", "other"])).status).toBe(3);
  });
});

describe("carillon events definitions", () => {
  it("lists all names with their parameters, or those that were sent", async () => {
    const { out } = await carillon(["events", "definitions"]);
    expect(out).toMatch(/^app_opened +App Lifecycle +0 .* source\?$/m);
    expect(out).toMatch(/^shelf_dusted .* 2 .* shelf:number\|string$/m);
    expect((await carillon(["events", "definitions", "--sent"])).out).not.toContain("app_opened");
    const { eventDefinitions } = JSON.parse((await carillon(["events", "definitions", "--json"])).out);
    expect(eventDefinitions).toHaveLength(2);
  });
});

describe("carillon events validate", () => {
  const would = {
    ...{ duplicate: false, effective_time: "2026-05-10T12:00:00.000Z", attributed_to: "u2", new_device: false },
    ...{ owner_app_user_id: { before: "u1", after: "u2" }, takes_anonymous_events: 3, new_event_name: false },
  };
  const valid = { valid: true, errors: [], warnings: [], fingerprint, would };

  /** A gateway that answers every event so. */
  async function answering(status: number, verdict: object) {
    const asked: unknown[] = [];
    const server = createServer(async (request, response) => {
      asked.push([request.url, await json(request).catch(() => "no JSON")]);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(verdict));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      asked,
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
    };
  }

  it("tells what an event would do, sent as the demo app where it names none", async () => {
    await using server = await answering(200, valid);
    const { status, out, err } = await carillon(["events", "validate", "-"], {
      ...server,
      input: '{"event_name":"a"}',
    });
    expect([status, err]).toEqual([0, ""]);
    expect(out).toMatch(/^valid +yes\n.*^would belong to +u2\n.*^device's owner +u1 -> u2\n/ms);
    const body = { tenant_id: "demo", api_key: "demo-key", event_name: "a" };
    expect(server.asked).toEqual([["/events/validate", body]]);
  });

  it("sends a file as it is where that names its app, or is no JSON", async () => {
    await using server = await answering(200, valid);
    const file = join(folder, "event.json");
    writeFileSync(file, '{"api_key":"k"}');
    expect(JSON.parse((await carillon(["events", "validate", file, "--json"], server)).out)).toEqual(valid);
    await carillon(["events", "validate", "-"], { ...server, input: "{" });
    expect(server.asked).toEqual([
      ["/events/validate", { api_key: "k" }],
      ["/events/validate", "no JSON"],
    ]);
  });

  it("ends with 1 for an event that is not valid, and shows everything that is wrong", async () => {
    const errors = [{ field: "event_time", code: "required", message: "event_time is required" }];
    const warnings = [{ field: "evnt", code: "unknown_field", message: "evnt is not a field\u001b[2J" }];
    await using server = await answering(200, { valid: false, errors, warnings, fingerprint: null, would: null });
    const { status, out } = await carillon(["events", "validate", "-"], { ...server, input: "{}" });
    expect(status).toBe(1);
    expect(out).toMatch(/^error +event_time +required +event_time is required$/m);
    expect(out).toMatch(/^warning +evnt +unknown_field +evnt is not a field\\u001b\[2J$/m);
  });

  it("tells what stood in the way of an answer", async () => {
    await using server = await answering(429, {});
    expect(await carillon(["events", "validate", "-"], server)).toMatchObject({
      status: 5,
      err: expect.stringContaining("429"),
    });
    const missing = await carillon(["events", "validate", "/nonexistent"]);
    expect(missing).toMatchObject({ status: 2, err: expect.stringContaining("/nonexistent") });
    await using closed = await answering(200, valid);
    await closed[Symbol.asyncDispose]();
    expect(await carillon(["events", "validate", "-"], closed)).toMatchObject({ status: 5 });
  });
});
