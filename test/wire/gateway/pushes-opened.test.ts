import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { KEYS } from "./fake-services.ts";
import { gate, runGateway } from "./gateway-fixture.ts";

const TOKEN = "0D9F4B5E-7E0C-4B7A-9C5D-3A1B2C3D4E5F";
const report = (fields: Record<string, unknown> = {}) => ({
  tenant_id: "t1",
  api_key: KEYS.api,
  tracking_token: TOKEN,
  ...fields,
});

describe("POST /pushes/opened", () => {
  it("reports the push as opened at its receipt", async () => {
    const { post, services, clock } = await runGateway();
    const seen: unknown[] = [];
    services.tracking.reportPushes = ({ reports }) => {
      seen.push(...reports);
      return {};
    };
    const response = await post("/pushes/opened", report());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
    expect(seen).toMatchObject([
      {
        tenantId: "t1",
        appId: "app1",
        trackingToken: TOKEN.toLowerCase(),
        openedMs: clock.now(),
        receivedTimeMs: clock.now(),
      },
    ]);
  });

  it.each([
    ["no token", { tracking_token: undefined }, "required"],
    ["a token that is no UUID", { tracking_token: "abc" }, "invalid_format"],
  ])("answers 400 to %s", async (_, fields, code) => {
    const { post } = await runGateway();
    const response = await post("/pushes/opened", report(fields));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ field: "tracking_token", code }] });
  });

  it.each([
    { api_key: "nobody" },
    { api_key: KEYS.server },
    { api_key: KEYS.revoked },
    { api_key: KEYS.otherApi },
    { tenant_id: "t2" },
  ])("answers 401 to %j", async (fields) => {
    const { post } = await runGateway();
    const response = await post("/pushes/opened", report(fields));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ field: "api_key", code: "unknown_api_key" }] });
  });

  it("answers 400 where a field is wrong beside an unknown key, with both", async () => {
    const { post } = await runGateway();
    const response = await post("/pushes/opened", report({ api_key: "nobody", tracking_token: "abc" }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ code: "unknown_api_key" }, { field: "tracking_token", code: "invalid_format" }],
    });
  });

  it("answers 503 while tracking cannot make it durable", async () => {
    const { post, services, clock } = await runGateway();
    const asked = gate();
    services.tracking.reportPushes = () => {
      asked.open();
      throw new ConnectError("disk full", Code.Unavailable);
    };
    const response = post("/pushes/opened", report());
    await asked.promise;
    await clock.advance(10_000);
    expect((await response).status).toBe(503);
    expect((await response).headers.get("retry-after")).toBe("2");
  });
});
