import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { readSettings } from "../../../cli/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "carillon-cli-"));
const env = { CARILLON_DATA_DIR: folder };
const demo = { tenant_id: "demo", app_id: "app-1", api_key: "a", server_key: "s", operator_token: "op" };

beforeEach(() => writeFileSync(join(folder, "demo-app.json"), JSON.stringify(demo)));
afterAll(() => rmSync(folder, { recursive: true }));

describe("readSettings", () => {
  it("finds the demo of a local npm start by itself", () => {
    expect(readSettings({}, env)).toEqual({
      url: "http://127.0.0.1:8080",
      token: "op",
      tenantId: "demo",
      appId: "app-1",
    });
  });

  it("prefers options to the environment, and that to the demo", () => {
    const full = { ...env, CARILLON_URL: "http://127.0.0.1:1/x/", CARILLON_OPERATOR_TOKEN: "env" };
    expect(readSettings({}, full)).toMatchObject({ url: "http://127.0.0.1:1/x", token: "env" });
    expect(readSettings({ url: "http://[::1]:2", token: "opt" }, full)).toMatchObject({
      url: "http://[::1]:2",
      token: "opt",
    });
  });

  it("looks for a gateway on this machine at the port that npm start was given", () => {
    expect(readSettings({}, { ...env, CARILLON_HTTP_PORT: "18080" }).url).toBe("http://127.0.0.1:18080");
  });

  it("means the demo app only with the demo's token and where no app is named", () => {
    expect(readSettings({ token: "server-key" }, env)).toMatchObject({ tenantId: "", appId: "" });
    expect(readSettings({ tenant: "acme" }, env)).toMatchObject({ token: "op", tenantId: "acme", appId: "" });
    expect(readSettings({}, { ...env, CARILLON_OPERATOR_TOKEN: "op" })).toMatchObject({ appId: "app-1" });
  });

  it("never sends the demo's token to another machine", () => {
    expect(() => readSettings({ url: "https://carillon.example" }, env)).toThrow("No token");
    expect(() => readSettings({ url: "http://127.0.0.1.example" }, env)).toThrow("No token");
  });

  it("says what is wrong with an address or a credentials file", () => {
    expect(() => readSettings({ url: "carillon" }, env)).toThrow('"carillon" is no address');
    expect(() => readSettings({ url: "ftp://x" }, env)).toThrow("no address");
    for (const text of ["{", "null", "[]", '{"tenant_id":"demo"}']) {
      writeFileSync(join(folder, "demo-app.json"), text);
      expect(() => readSettings({}, env)).toThrow("demo-app.json");
    }
  });
});
