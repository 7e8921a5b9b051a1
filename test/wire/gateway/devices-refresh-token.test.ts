import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RefreshTokenResponse_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { KEYS } from "./fake-services.ts";
import { gate, runGateway } from "./gateway-fixture.ts";

const PATH = "/devices/refresh-token";
const refresh = (fields: Record<string, unknown> = {}) => ({
  tenant_id: "t1",
  api_key: KEYS.api,
  old_token: "old",
  new_token: "new",
  ...fields,
});

describe("POST /devices/refresh-token", () => {
  it("hands ingestion the refresh and answers success, again when repeated", async () => {
    const { post, services, clock } = await runGateway();
    const seen: unknown[] = [];
    services.ingestion.refreshToken = (request) => {
      seen.push(request);
      return { outcome: RefreshTokenResponse_Outcome.ACCEPTED };
    };
    for (let time = 0; time < 2; time += 1) {
      const response = await post(PATH, refresh({ app_user_id: "user_1", platform: "ios" }));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ success: true });
    }
    const expected = {
      tenantId: "t1",
      appId: "app1",
      oldToken: "old",
      newToken: "new",
      appUserId: "user_1",
      receivedTimeMs: clock.now(),
    };
    expect(seen).toMatchObject([expected, expected]);
  });

  it.each([
    [RefreshTokenResponse_Outcome.UNKNOWN_DEVICE, 404, { field: "old_token", code: "unknown_device" }],
    [RefreshTokenResponse_Outcome.TOKEN_CONFLICT, 409, { field: "new_token", code: "token_conflict" }],
    [RefreshTokenResponse_Outcome.UNSPECIFIED, 503, { field: "body", code: "overloaded" }],
  ])("answers outcome %s with %s", async (outcome, status, error) => {
    const { post, services } = await runGateway();
    services.ingestion.refreshToken = () => ({ outcome });
    const response = await post(PATH, refresh());
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ errors: [error] });
  });

  it.each([
    [{ new_token: "old" }, "new_token", "same_token"],
    [{ old_token: "" }, "old_token", "required"],
    [{ platform: "windows" }, "platform", "invalid_value"],
    [{ platform: "" }, "platform", "invalid_value"],
  ])("answers 400 to %j", async (fields, field, code) => {
    const { post } = await runGateway();
    const response = await post(PATH, refresh(fields));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ field, code }] });
  });

  it("answers 401 to an unknown key", async () => {
    const { post } = await runGateway();
    expect((await post(PATH, refresh({ api_key: "nobody" }))).status).toBe(401);
  });

  it.each([Code.Unavailable, Code.DeadlineExceeded, Code.Aborted])(
    "answers 503 where ingestion says %s",
    async (code) => {
      const { post, services } = await runGateway();
      services.ingestion.refreshToken = () => {
        throw new ConnectError("effects outstanding on shard 7", code);
      };
      const response = await post(PATH, refresh());
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("2");
      expect(await response.text()).not.toContain("shard");
    },
  );

  it("answers 503 where ingestion does not answer in time", async () => {
    const { post, services, clock } = await runGateway();
    const asked = gate();
    services.ingestion.refreshToken = () => {
      asked.open();
      return new Promise(() => undefined);
    };
    const response = post(PATH, refresh());
    await asked.promise;
    await clock.advance(5_000);
    expect((await response).status).toBe(503);
  });
});
