import { randomUUID } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type CarillonProcess, type Json, startCarillon } from "./carillon-process.ts";
import { APPS, DEVICES, EVENTS, newApp, PROFILES, PUSHES, RFC3339, refusal } from "./test-app.ts";

/** The table of operations.md: what the operator API has, and what it takes for a first try. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  [EVENTS]: ["GetEvent", "ListEvents", "ListEventDefinitions"],
  [PROFILES]: ["GetProfile", "ListProfiles", "ListMerges", "UnlinkDevice", "RelinkDevice", "EraseProfile"],
  [APPS]: ["CreateApp", "ListApps", "CreateKey", "ListKeys", "RevokeKey", "SetAllowedOrigins"],
  [DEVICES]: ["GetDevice", "ListDevices", "ExplainDelivery"],
  [PUSHES]: ["RegisterPushes", "ReportDeliveries", "GetPush", "ListPushes", "GetPushStats"],
};
/** Services of the processes among themselves. */
const INTERNAL = [
  "ingestion.v1.IngestionService/IngestEvents",
  "identity.v1.IdentityService/ResolveKey",
  "device.v1.DeviceRegistryService/ObserveDevices",
  "tracking.v1.TrackingService/ReportPushes",
];

let carillon: CarillonProcess;

beforeAll(async () => {
  carillon = await startCarillon();
});
afterAll(() => carillon.stop());

describe("the operator API", () => {
  it("has every method of its table, to be called with JSON in lowerCamelCase", async () => {
    const { call } = await newApp(carillon);
    for (const [service, methods] of Object.entries(METHODS)) {
      for (const method of methods) {
        const { status, body } = await call(`${service}/${method}`);
        expect([method, status === 404 && body.code === "unimplemented"]).toEqual([method, false]);
        expect(body.code, `${service}/${method}: ${JSON.stringify(body)}`).not.toBe("internal");
      }
    }
  });

  it("never reaches what the processes say to each other", async () => {
    const { operator_token: token } = carillon.demo;
    for (const method of INTERNAL) {
      expect(refusal(await carillon.call(method, {}, token))).toEqual([404, "unimplemented"]);
    }
  });

  it("opens an app to its server key, all apps to the operator token, and nothing to an api_key", async () => {
    const { operator_token: token } = carillon.demo;
    const one = await newApp(carillon);
    const other = await newApp(carillon);
    const lists = [
      `${EVENTS}/ListEvents`,
      `${PROFILES}/ListProfiles`,
      `${DEVICES}/ListDevices`,
      `${PUSHES}/ListPushes`,
    ];
    for (const method of lists) {
      const named = { tenantId: one.tenantId, appId: one.appId };
      expect((await carillon.call(method, {}, one.serverKey)).status).toBe(200);
      expect((await carillon.call(method, named, one.serverKey)).status).toBe(200);
      expect((await carillon.call(method, named, token)).status).toBe(200);
      expect(refusal(await carillon.call(method, {}, token))).toEqual([400, "invalid_argument"]);
      expect(refusal(await carillon.call(method, named, other.serverKey))).toEqual([403, "permission_denied"]);
      const nowhere = await carillon.call(method, { tenantId: "no", appId: "no" }, other.serverKey);
      expect(refusal(nowhere)).toEqual([403, "permission_denied"]);
      expect(refusal(await carillon.call(method, {}, one.apiKey))).toEqual([403, "permission_denied"]);
      expect(refusal(await carillon.call(method, {}, "nobody"))).toEqual([401, "unauthenticated"]);
      expect(refusal(await carillon.post(`/carillon.${method}`, {}))).toEqual([401, "unauthenticated"]);
    }
    for (const method of METHODS[APPS]!) {
      expect(refusal(await one.call(`${APPS}/${method}`))).toEqual([403, "permission_denied"]);
    }
  });

  it("answers lists whose page size or page token is none with invalid_argument", async () => {
    const app = await newApp(carillon);
    const lists = [`${EVENTS}/ListEvents`, `${EVENTS}/ListEventDefinitions`, `${PROFILES}/ListProfiles`];
    lists.push(`${PROFILES}/ListMerges`, `${DEVICES}/ListDevices`, `${PUSHES}/ListPushes`);
    for (const method of lists) {
      for (const request of [{ pageSize: -1 }, { pageSize: 1_001 }, { pageToken: "made up" }, { pageSize: "many" }]) {
        expect([method, request, ...refusal(await app.call(method, request))]).toEqual([
          method,
          request,
          400,
          "invalid_argument",
        ]);
      }
      expect((await app.call(method, { pageSize: 1_000 })).status).toBe(200);
    }
  });
});

describe("apps and keys", () => {
  const operator = (method: string, request: Json): Promise<Answer> =>
    carillon.call(`${APPS}/${method}`, request, carillon.demo.operator_token);

  it("are created, listed and given allowed origins", async () => {
    const allowedOrigins = ["https://shop.example"];
    const tenantId = `tenant-${randomUUID().slice(0, 8)}`;
    const { body } = await operator("CreateApp", { tenantId, name: "Shop", allowedOrigins });
    const app = body.app as Json;
    expect(body).toEqual({ app: expect.anything(), apiKey: expect.any(String), serverKey: expect.any(String) });
    expect(app).toMatchObject({ tenantId, name: "Shop", allowedOrigins, createTime: expect.stringMatching(RFC3339) });
    expect((await operator("ListApps", { tenantId })).body).toMatchObject({ apps: [app] });
    const origins = { tenantId, appId: app.appId, allowedOrigins: ["http://localhost:*"] };
    expect((await operator("SetAllowedOrigins", origins)).body.app).toMatchObject(origins);
    expect(refusal(await operator("CreateApp", { tenantId: "no/slash", name: "Shop" }))).toEqual([
      400,
      "invalid_argument",
    ]);
    const missing = { ...origins, appId: "nothing" };
    expect(refusal(await operator("SetAllowedOrigins", missing))).toEqual([404, "not_found"]);
  });

  it("have keys that can be added and revoked; a revoked one opens nothing within 10 s", async () => {
    const { tenantId, appId, serverKey } = await newApp(carillon);
    for (const kind of ["api", "server"]) {
      const { body } = await operator("CreateKey", { tenantId, appId, kind });
      expect(body).toEqual({ keyId: expect.any(String), key: expect.any(String) });
    }
    expect(refusal(await operator("CreateKey", { tenantId, appId, kind: "other" }))).toEqual([400, "invalid_argument"]);
    const { keys } = (await operator("ListKeys", { tenantId, appId })).body as { keys: Json[] };
    expect(keys.map(({ kind }) => kind).sort()).toEqual(["api", "api", "server", "server"]);
    expect(JSON.stringify(keys)).not.toContain(serverKey);
    const { keyId } = keys.find(({ prefix }) => serverKey.startsWith(prefix as string)) as { keyId: string };
    expect((await carillon.call(`${EVENTS}/ListEvents`, {}, serverKey)).status).toBe(200);
    const revokedMs = Date.now();
    expect((await operator("RevokeKey", { tenantId, appId, keyId })).body).toEqual({});
    let answer = await carillon.call(`${EVENTS}/ListEvents`, {}, serverKey);
    while (answer.status === 200 && Date.now() - revokedMs < 30_000) {
      answer = await carillon.call(`${EVENTS}/ListEvents`, {}, serverKey);
    }
    expect(refusal(answer)).toEqual([401, "unauthenticated"]);
    const revoked = (await operator("ListKeys", { tenantId, appId })).body as { keys: Json[] };
    expect(revoked.keys.find((key) => key.keyId === keyId)?.revokeTime).toMatch(RFC3339);
    const unknown = { tenantId, appId, keyId: "nothing" };
    expect(refusal(await operator("RevokeKey", unknown))).toEqual([404, "not_found"]);
  });
});

describe("the credentials of npm start", () => {
  it("are a file for its owner alone, beside the databases", async () => {
    expect(Object.keys(carillon.demo).sort()).toEqual([
      "api_key",
      "app_id",
      "operator_token",
      "server_key",
      "tenant_id",
    ]);
    const { mode } = await stat(join(carillon.dataDir, "demo-app.json"));
    expect(mode & 0o777).toBe(0o600);
    expect(await readdir(carillon.dataDir)).toContain("demo-app.json");
  });
});
