import { createHmac } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { UserSignaturePolicySchema } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { PreviewEventResponseSchema } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { KEYS, resolveFake } from "../gateway/fake-services.ts";
import { errorsOf, eventBody, runGateway } from "../gateway/gateway-fixture.ts";

const SECRET = "cis_of_app1";
const VISITOR = "web:0f8fad5b-d9cb-469f-a165-70867728950e";
const ORIGIN = { origin: "https://shop.example" };
const sign = (id: string, secret = SECRET) => createHmac("sha256", secret).update(id, "utf8").digest("hex");

/** A gateway whose app t1/app1 has these identity secrets. */
async function signingGateway({ required = true, secrets = [SECRET] } = {}) {
  const metrics = new Registry();
  const gateway = await runGateway({ metrics });
  const policy = { requireUserSignature: required, identitySecrets: secrets };
  const { identity, ingestion } = gateway.services;
  identity.resolveKey = ({ keyHash }) => ({
    ...resolveFake(keyHash),
    userSignatures: create(UserSignaturePolicySchema, policy),
  });
  identity.resolveApp = ({ appId }) => ({
    app: { tenantId: "t1", appId, allowedOrigins: [ORIGIN.origin] },
    userSignatures: create(UserSignaturePolicySchema, policy),
  });
  ingestion.previewEvent = () => create(PreviewEventResponseSchema, {});
  return { ...gateway, policy, metrics };
}

describe("POST /events of an app that requires signatures", () => {
  it("takes a user with a signature, of odd characters too, and stores the event as without one", async () => {
    const { post, services } = await signingGateway();
    const plain = await runGateway();
    for (const app_user_id of ["user_1", "Zoë 😀", "a\u0000b", "x".repeat(256)]) {
      const body = eventBody({ app_user_id });
      const response = await post("/events", { ...body, user_signature: sign(app_user_id) });
      expect(response.status).toBe(200);
      const { fingerprint } = (await response.json()) as { fingerprint: string };
      expect(await (await plain.post("/events", body)).json()).toEqual({ fingerprint });
      expect(
        JSON.stringify(services.stored.get(fingerprint), (_, value) => (typeof value === "bigint" ? "" : value)),
      ).not.toContain(sign(app_user_id));
    }
  });

  it.each([
    ["no signature", undefined, "required"],
    ["null", null, "required"],
    ["an empty one", "", "required"],
    ["one of another user", sign("user_2"), "invalid_value"],
    ["one under another secret", sign("user_1", "cis_other"), "invalid_value"],
    ["one of a prefix and a zero", `${sign("user_1")}00`, "invalid_format"],
    ["base64", Buffer.from(sign("user_1"), "hex").toString("base64"), "invalid_format"],
    ["a number", 7, "invalid_type"],
    ["an object", {}, "invalid_type"],
  ])("refuses a user with %s, and stores nothing", async (_name, user_signature, code) => {
    const { post, services, log } = await signingGateway();
    const response = await post("/events", eventBody({ app_user_id: "user_1", user_signature }));
    expect(response.status).toBe(400);
    expect(await errorsOf(response)).toEqual([{ field: "user_signature", code }]);
    expect(services.stored.size).toBe(0);
    if (typeof user_signature === "string" && user_signature !== "") {
      expect(JSON.stringify(log)).not.toContain(user_signature);
    }
  });

  it("names the signature beside the other failing fields, in the order of the table", async () => {
    const { post } = await signingGateway();
    const response = await post("/events", eventBody({ app_user_id: "user_1", event_time: "never", tenant_id: "t1" }));
    expect((await errorsOf(response)).map(({ field }) => field)).toEqual(["user_signature", "event_time"]);
  });

  it("says nothing of signatures to who has no key of the app", async () => {
    const { post } = await signingGateway();
    const response = await post("/events", eventBody({ app_user_id: "user_1", api_key: "wrong" }));
    expect(await errorsOf(response)).toEqual([{ field: "api_key", code: "unknown_api_key" }]);
  });

  it("takes anonymous events without one", async () => {
    const { post } = await signingGateway();
    for (const app_user_id of [undefined, null, "", "anon:tok_1"]) {
      expect((await post("/events", eventBody({ app_user_id }))).status).toBe(200);
    }
  });

  it("takes a signature under any of several secrets, until its secret is revoked, within 10 s", async () => {
    const { post, policy, clock } = await signingGateway({ secrets: ["cis_old", "cis_new"] });
    const send = async (secret: string) =>
      (await post("/events", eventBody({ app_user_id: "u", user_signature: sign("u", secret) }))).status;
    expect([await send("cis_old"), await send("cis_new")]).toEqual([200, 200]);
    policy.identitySecrets = ["cis_new"];
    await clock.advance(10_000);
    expect([await send("cis_old"), await send("cis_new")]).toEqual([400, 200]);
    policy.requireUserSignature = false;
    await clock.advance(10_000);
    expect(await send("cis_old")).toBe(200);
  });
});

describe("POST /events of an app with secrets that does not require signatures yet", () => {
  it("takes everybody and counts what would be refused", async () => {
    const { post, metrics } = await signingGateway({ required: false });
    for (const user_signature of [sign("u"), undefined, sign("v"), "junk"]) {
      expect((await post("/events", eventBody({ app_user_id: "u", user_signature }))).status).toBe(200);
    }
    expect((await post("/events", eventBody())).status).toBe(200);
    const { values } = await metrics.getSingleMetric("carillon_gateway_user_signatures_total")!.get();
    const counts = Object.fromEntries(values.map(({ labels, value }) => [labels.verdict, value]));
    expect(counts).toEqual({ valid: 1, absent: 1, wrong: 1, malformed: 1 });
  });
});

describe("POST /events/validate", () => {
  it("tells a signature that is not valid as an error where it is required, else as a warning", async () => {
    for (const required of [true, false]) {
      const { post } = await signingGateway({ required });
      const body = eventBody({ app_user_id: "u", user_signature: sign("v") });
      const verdict = (await (await post("/events/validate", body)).json()) as Record<string, { field: string }[]>;
      expect(verdict.valid).toBe(!required);
      expect(verdict[required ? "errors" : "warnings"]!.map(({ field }) => field)).toContain("user_signature");
      expect(verdict[required ? "warnings" : "errors"]!.map(({ field }) => field)).not.toContain("user_signature");
    }
  });
});

describe("POST /devices/refresh-token of an app that requires signatures", () => {
  const body = { tenant_id: "t1", api_key: KEYS.api, old_token: "tok_1", new_token: "tok_2" };

  it("takes a user with a signature only, and no user without one", async () => {
    const { post, services } = await signingGateway();
    let refreshes = 0;
    const accept = services.ingestion.refreshToken!;
    services.ingestion.refreshToken = (request, call) => {
      refreshes++;
      return accept(request, call);
    };
    const refused = await post("/devices/refresh-token", { ...body, app_user_id: "u" });
    expect([refused.status, await errorsOf(refused)]).toEqual([400, [{ field: "user_signature", code: "required" }]]);
    expect(refreshes).toBe(0);
    for (const user of [{}, { app_user_id: "anon:tok_2" }, { app_user_id: "u", user_signature: sign("u") }]) {
      expect((await post("/devices/refresh-token", { ...body, ...user })).status).toBe(200);
    }
  });
});

describe("POST /v1/web/events of an app that requires signatures", () => {
  const event = { event_name: "seen", event_id: "e1" };
  const send = (gateway: { post: Awaited<ReturnType<typeof runGateway>>["post"] }, body: object) =>
    gateway.post("/v1/web/events", { app_id: "app1", ...body }, ORIGIN);

  it("takes visitors without one and users with one, and refuses others by themselves", async () => {
    const gateway = await signingGateway();
    const response = await send(gateway, {
      events: [
        { ...event, user_id: VISITOR },
        { ...event, event_id: "e2", user_id: "u", user_signature: sign("u") },
        { ...event, event_id: "e3", user_id: "u" },
        { ...event, event_id: "e4", user_id: "web:1", user_signature: sign("u") },
        { ...event, event_id: "e5", user_id: "u", user_signature: 7 },
      ],
    });
    const { results } = (await response.json()) as { results: { status: string; error?: { code: string } }[] };
    expect(results.map(({ status, error }) => error?.code ?? status)).toEqual([
      "stored",
      "stored",
      "MISSING_FIELD",
      "INVALID_REQUEST",
      "INVALID_TYPE",
    ]);
    expect(gateway.services.stored.size).toBe(2);
    const alone = await send(gateway, { ...event, event_id: "e6", user_id: "u", user_signature: "0" });
    expect([alone.status, ((await alone.json()) as { code: string }).code]).toEqual([400, "INVALID_REQUEST"]);
  });

  it("knows an event again whose signature was made anew", async () => {
    const gateway = await signingGateway({ secrets: ["cis_a", "cis_b"] });
    for (const secret of ["cis_a", "cis_b"]) {
      const response = await send(gateway, { ...event, user_id: "u", user_signature: sign("u", secret) });
      expect(response.status).toBe(200);
    }
    expect(gateway.services.stored.size).toBe(1);
    expect([...gateway.services.stored.values()][0]!.paramsJson).toBe("{}");
  });
});

describe("server-to-server endpoints of an app that requires signatures", () => {
  it("take users at the word of who has the server key", async () => {
    const { post } = await signingGateway();
    const body = { event_name: "seen", user_id: "u", properties: {} };
    expect((await post("/v1/events", body, { authorization: `Bearer ${KEYS.server}` })).status).toBe(200);
    const engage = { event_name: "seen", profile_id: "u", data: {} };
    expect((await post("/api/v1/events", engage, { "api-key": KEYS.server })).status).toBe(200);
  });
});
