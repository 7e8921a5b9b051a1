import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CarillonProcess, startCarillon } from "./carillon-process.ts";

const found = spawnSync("grpcurl", ["-version"]).error === undefined;
if (!found) process.stderr.write("skipped: grpcurl at the HTTP port; put grpcurl on PATH to have it\n");
const proto = fileURLToPath(new URL("../../../proto", import.meta.url));

describe.skipIf(!found)("grpcurl at the port that serves HTTP/1.1", () => {
  let carillon: CarillonProcess;
  beforeAll(async () => {
    carillon = await startCarillon();
  });
  afterAll(() => carillon.stop());

  function grpcurl(method: string, request: object, token: string) {
    const child = spawn("grpcurl", [
      ...["-plaintext", "-import-path", proto, "-proto", "carillon/ingestion/v1/event_service.proto"],
      ...["-H", `authorization: Bearer ${token}`, "-d", JSON.stringify(request), new URL(carillon.url).host],
      `carillon.ingestion.v1.EventService/${method}`,
    ]);
    onTestFinished(() => void child.kill());
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text) => {
        output[name] += text;
      });
    }
    return { child, output };
  }

  function send(name: string) {
    return carillon.post("/events", {
      tenant_id: carillon.demo.tenant_id,
      api_key: carillon.demo.api_key,
      app_user_id: "u1",
      event_name: name,
      event_time: new Date().toISOString(),
      device_token: "device-1",
      platform: "ios",
      timezone: "Europe/Berlin",
      language: "de",
      country: "DE",
      session_id: "s1",
    });
  }

  it("lists events, and is told what is wrong with its key", async () => {
    const { fingerprint } = (await send("listed")).body;
    const listing = grpcurl("ListEvents", { eventName: "listed" }, carillon.demo.server_key);
    expect(await once(listing.child, "close")).toEqual([0, null]);
    expect(JSON.parse(listing.output.stdout).events).toMatchObject([{ fingerprint, eventName: "listed" }]);
    const refused = grpcurl("ListEvents", {}, carillon.demo.api_key);
    expect(await once(refused.child, "close")).toEqual([64 + 7, null]);
    expect(refused.output.stderr).toContain("PermissionDenied");
  });

  it("tails events", async () => {
    const { child, output } = grpcurl("TailEvents", {}, carillon.demo.server_key);
    while (!output.stdout.includes("{")) await once(child.stdout, "data");
    const { fingerprint } = (await send("tailed")).body;
    while (!output.stdout.includes(`"${fingerprint}"`)) await once(child.stdout, "data");
    expect(output.stdout).toContain('"verdict": "accepted"');
  });
});
