import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  type PreviewEventRequest,
  PreviewEventResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { KEYS } from "./fake-services.ts";
import { eventBody, type RunningGateway, runGateway } from "./gateway-fixture.ts";
import { exchangeRaw, parseAnswers, rawPost } from "./raw-http.ts";

interface Verdict {
  readonly valid: boolean;
  readonly errors: readonly { field: string; code: string; message: string }[];
  readonly warnings: readonly { field: string; code: string; message: string }[];
  readonly fingerprint: string | null;
  readonly would: Record<string, unknown> | null;
}

/** A gateway whose ingestion previews every event as given; `asked` are the previews that it was asked for. */
async function validatingGateway(preview: MessageInitShape<typeof PreviewEventResponseSchema> = {}) {
  const gateway = await runGateway();
  const asked: PreviewEventRequest[] = [];
  gateway.services.ingestion.previewEvent = (request) => {
    asked.push(request);
    return create(PreviewEventResponseSchema, { effectiveTimeMs: request.event!.eventTimeMs, ...preview });
  };
  return { ...gateway, asked };
}

async function validate(gateway: RunningGateway, body: unknown): Promise<Verdict> {
  const response = await gateway.post("/events/validate", body);
  expect(response.status).toBe(200);
  return (await response.json()) as Verdict;
}

const codesOf = (items: readonly { field: string; code: string }[]) => items.map(({ field, code }) => [field, code]);

describe("POST /events/validate", () => {
  it("tells what the event would do, with its fingerprint, and stores nothing", async () => {
    const effectiveTimeMs = Date.UTC(2026, 10, 20, 11, 30);
    const told = { effectiveTimeMs, newDevice: true, ownerAfter: "user_1", attributedTo: "user_1" };
    const gateway = await validatingGateway(told);
    const body = eventBody({ app_user_id: "user_1" });
    const verdict = await validate(gateway, body);
    const sent = (await (await gateway.post("/events", body)).json()) as { fingerprint: string };
    expect(verdict).toEqual({
      valid: true,
      errors: [],
      warnings: [],
      fingerprint: sent.fingerprint,
      would: {
        duplicate: false,
        skewed_future: false,
        late: false,
        effective_time: "2026-11-20T11:30:00.000Z",
        new_device: true,
        new_owner: true,
        owner_app_user_id: { before: null, after: "user_1" },
        attributed_to: "user_1",
        takes_anonymous_events: 0,
        new_event_name: false,
        similar_event_name: null,
      },
    });
    expect(gateway.asked).toHaveLength(1);
    expect(gateway.asked[0]!.event).toEqual(gateway.services.stored.get(sent.fingerprint));
    expect(gateway.services.stored.size).toBe(1);
  });

  it("answers a wrong body with 200 and the errors that /events has", async () => {
    const gateway = await validatingGateway();
    for (const body of [
      {},
      eventBody({ language: "en-US", event_time: "yesterday", api_key: "wrong" }),
      eventBody({ api_key: KEYS.server }),
      "{",
      "[]",
      JSON.stringify(eventBody({ params: { x: "y".repeat(70_000) } })),
    ]) {
      const refused = await gateway.post("/events", body);
      expect(refused.status).toBe(400);
      const { errors } = (await refused.json()) as Verdict;
      expect(await validate(gateway, body)).toMatchObject({ valid: false, errors, fingerprint: null, would: null });
    }
    expect(gateway.asked).toEqual([]);
  });

  it("answers an unknown key with 200 and names it", async () => {
    const gateway = await validatingGateway();
    const { valid, errors } = await validate(gateway, eventBody({ api_key: "wrong" }));
    expect(valid).toBe(false);
    expect(codesOf(errors)).toEqual([["api_key", "unknown_api_key"]]);
  });

  it("refuses a request without a host as every endpoint does", async () => {
    const { port } = await validatingGateway();
    const request = rawPost("/events/validate", "{}", ["Connection: close"]).replace("Host: localhost\r\n", "");
    expect(parseAnswers(await exchangeRaw(port, [request]))[0]!.status).toBe(400);
  });

  it("counts toward the limit of /events", async () => {
    const gateway = await runGateway({ clientRateLimit: 2 });
    await gateway.post("/events", "{}");
    expect((await gateway.post("/events/validate", "{}")).status).toBe(200);
    const refused = await gateway.post("/events/validate", "{}");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await gateway.post("/events", "{}")).status).toBe(429);
  });

  it("answers 503 while ingestion or the keys cannot be reached, and for a defect", async () => {
    const gateway = await validatingGateway();
    for (const code of [Code.Unavailable, Code.ResourceExhausted, Code.Internal]) {
      gateway.services.ingestion.previewEvent = () => {
        throw new ConnectError("secret detail", code);
      };
      const response = await gateway.post("/events/validate", eventBody());
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.text()).not.toContain("secret");
    }
    gateway.services.identity.resolveKey = () => {
      throw new ConnectError("no", Code.Unavailable);
    };
    const response = await gateway.post("/events/validate", eventBody({ api_key: "never seen" }));
    expect(response.status).toBe(503);
  });

  it("is open to every origin", async () => {
    const { post, url } = await validatingGateway();
    const response = await post("/events/validate", eventBody());
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect((await fetch(`${url}/events/validate`, { method: "OPTIONS" })).status).toBe(204);
    expect((await fetch(`${url}/events/validate`)).status).toBe(405);
  });
});

describe("the warnings of /events/validate", () => {
  it("name unknown fields, and what was meant where that is clear", async () => {
    const gateway = await validatingGateway();
    const { platform: _, ...body } = eventBody({ eventName: "x", userId: "u", properties: {}, os: 1, foo: 1 });
    const { valid, warnings } = await validate(gateway, body);
    expect(valid).toBe(false);
    expect(codesOf(warnings)).toEqual(
      ["eventName", "userId", "properties", "os", "foo"].map((name) => [name, "unknown_field"]),
    );
    expect(warnings.map(({ message }) => message.split("; ")[1])).toEqual([
      "put what belongs to the event into params",
      "did you mean app_user_id?",
      "did you mean params?",
      "did you mean platform?",
      "put what belongs to the event into params",
    ]);
  });

  it("are about at most 16 unknown fields, cut to 64 characters", async () => {
    const gateway = await validatingGateway();
    const unknown = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${"f".repeat(80)}${index}`, 1]));
    const { warnings } = await validate(gateway, eventBody(unknown));
    expect(warnings).toHaveLength(16);
    expect(warnings[0]!.field).toBe(`${"f".repeat(64)}…`);
  });

  it.each([
    [{ push_permission_granted: undefined }, "push_permission_absent"],
    [{ push_permission_granted: null }, "push_permission_absent"],
    [{ push_permission_granted: false }, "push_permission_denied"],
  ])("say that without permission (%j) no push arrives", async (fields, code) => {
    const { valid, warnings } = await validate(await validatingGateway(), eventBody(fields));
    expect(valid).toBe(true);
    expect(codesOf(warnings)).toEqual([["push_permission_granted", code]]);
    expect(warnings[0]!.message).toContain("will not receive pushes");
  });

  it.each([
    ["undefined", "missing value"],
    ["your_device_token", "placeholder"],
    ["<device_token>", "placeholder"],
    ["a".repeat(64), "APNs"],
    ["ExponentPushToken[xyz]", "Expo"],
    ["https://fcm.googleapis.com/fcm/send/abc", "subscription"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "JSON Web Token"],
    ["sess_1", "same as session_id"],
  ])("find the token %s suspicious", async (token, look) => {
    const { warnings } = await validate(await validatingGateway(), eventBody({ device_token: token }));
    expect(codesOf(warnings)).toEqual([["device_token", "device_token_suspicious"]]);
    expect(warnings[0]!.message).toContain(look);
  });

  it.each([
    "tok_1",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "dGhpcyBpcyBhIHRva2Vu:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx",
  ])("find nothing wrong with the token %s", async (token) => {
    expect((await validate(await validatingGateway(), eventBody({ device_token: token }))).warnings).toEqual([]);
  });

  it("come from the preview: name, parameters, time and owner, in the order of the fields", async () => {
    const named = { similarEventName: "app_opened", newEventName: true };
    const owner = { ownerBefore: "user_1", ownerAfter: "" };
    const skewed = { skewedFuture: true, effectiveTimeMs: Date.UTC(2026, 10, 21) };
    const gateway = await validatingGateway({ ...named, ...owner, ...skewed, missingUsualParameters: ["a", "b"] });
    const { warnings, would } = await validate(gateway, eventBody({ event_name: "app_open", foo: 1 }));
    expect(codesOf(warnings)).toEqual([
      ["app_user_id", "owner_change"],
      ["event_name", "close_event_name"],
      ["event_time", "skewed_future"],
      ["params", "usual_params_missing"],
      ["foo", "unknown_field"],
    ]);
    expect(warnings[0]!.message).toContain("nobody, because the event names no app_user_id");
    expect(warnings[1]!.message).toContain('did you mean "app_opened"?');
    expect(warnings[2]!.message).toContain("2026-11-21T00:00:00.000Z");
    expect(warnings[3]!.message).toContain("a, b");
    expect(would).toMatchObject({ new_owner: true, owner_app_user_id: { before: "user_1", after: null } });
  });

  it("say that a late event has no effect, but not of a duplicate", async () => {
    const late = await validate(await validatingGateway({ late: true }), eventBody());
    expect(codesOf(late.warnings)).toEqual([["event_time", "late"]]);
    const duplicate = await validate(await validatingGateway({ late: true, duplicate: true }), eventBody());
    expect(duplicate.warnings).toEqual([]);
    expect(duplicate.would).toMatchObject({ duplicate: true, late: true });
  });

  it("let a device pass to nobody at logged_out, and name whom it would pass to else", async () => {
    const passing = { ownerBefore: "user_1", ownerAfter: "user_2" };
    const left = await validate(
      await validatingGateway({ ownerBefore: "user_1", ownerAfter: "" }),
      eventBody({ event_name: "logged_out" }),
    );
    expect(left.warnings).toEqual([]);
    const { warnings } = await validate(await validatingGateway(passing), eventBody({ app_user_id: "user_2" }));
    expect(warnings[0]!.message).toBe(
      'the device would pass from "user_1" to "user_2"; pushes for "user_1" would no longer reach it',
    );
  });
});
