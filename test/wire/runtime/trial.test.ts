import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";

const trial = fileURLToPath(new URL("../../../services/trial/main.ts", import.meta.url));
/** How long something may take, and how often it is looked at, in milliseconds; nothing is measured by it. */
const PATIENCE = { timeout: 30_000, interval: 100 };
const isLinux = process.platform === "linux";

test("the five processes of a trial end with it when it is killed, and it can be started again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "carillon-trial-"));
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const processes = start(folder);
    await ready(processes);
    // The children write to the same pipe, which closes with the last of them.
    const closed = once(processes, "close");
    processes.kill(signal);
    expect(await closed).toEqual(signal === "SIGKILL" ? [null, "SIGKILL"] : [0, null]);
  }
  await rm(folder, { recursive: true });
});

if (!isLinux) process.stderr.write("skipped: processes of a trial that are killed; run on Linux to have them\n");

test.runIf(isLinux)(
  "a process of a trial that is killed is started again, nothing accepted is lost, until it ends a sixth time in a minute",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "carillon-trial-"));
    const trialProcess = start(folder);
    const told = linesOf(trialProcess.stderr);
    const url = await ready(trialProcess);
    const closed = once(trialProcess, "close");
    const { server_key: key } = JSON.parse(await readFile(join(folder, "demo-app.json"), "utf8"));
    const track = (user: string) => post(`${url}/v1/events`, key, { event_name: "seen", user_id: user });
    expect((await track("nobody killed")).status).toBe(200);

    async function kill(name: string): Promise<unknown> {
      const pid = await vi.waitFor(() => childOf(trialProcess.pid!, name), PATIENCE);
      process.kill(pid, "SIGKILL");
      return (await told.next()).value;
    }
    for (const name of ["ingestion", "gateway"]) {
      expect(await kill(name)).toBe(`carillon: ${name} was ended by SIGKILL; starting it again`);
      await vi.waitFor(async () => expect((await track(name)).status).toBe(200), PATIENCE);
    }
    const listed = await post(`${url}/carillon.ingestion.v1.EventService/ListEvents`, key, {});
    const { events } = (await listed.json()) as { events: { appUserId: string }[] };
    expect(new Set(events.map(({ appUserId }) => appUserId))).toEqual(
      new Set(["nobody killed", "ingestion", "gateway"]),
    );

    for (let kills = 1; kills <= 6; kills++) {
      const next = kills <= 5 ? "starting it again" : "stopping the others";
      expect(await kill("tracking")).toBe(`carillon: tracking was ended by SIGKILL; ${next}`);
    }
    expect(await closed).toEqual([1, null]);
    await rm(folder, { recursive: true });
  },
);

test("a data folder that cannot be made is one line on standard error and status 1", async () => {
  const processes = start("/proc/carillon/data");
  let error = "";
  processes.stderr?.setEncoding("utf8").on("data", (text: string) => {
    error += text;
  });
  processes.stdout?.resume();
  expect(await once(processes, "close")).toEqual([1, null]);
  expect(error).toMatch(/^carillon: .*\/proc.*\n$/);
});

function start(dataDir: string): ChildProcess {
  const ports = { CARILLON_HTTP_PORT: "0", CARILLON_GRPC_PORT: "0", CARILLON_METRICS_PORT: "0" };
  return spawn(process.execPath, [trial], {
    env: { PATH: process.env.PATH, CARILLON_DATA_DIR: dataDir, CARILLON_LOG_LEVEL: "silent", ...ports },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Resolves with where the gateway is, once everything is ready. */
async function ready({ stdout }: ChildProcess): Promise<string> {
  const lines = createInterface({ input: stdout as NodeJS.ReadableStream });
  return await new Promise<string>((resolve, reject) => {
    lines.on("line", (line) => {
      const url = /^Carillon is ready: (\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    lines.on("close", () => reject(new Error("the processes ended before they were ready")));
  });
}

function linesOf(stream: NodeJS.ReadableStream | null): AsyncIterator<string> {
  return createInterface({ input: stream as NodeJS.ReadableStream })[Symbol.asyncIterator]();
}

function post(url: string, key: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Id of the process of a trial that runs this service, or the gateway. */
function childOf(parent: number, name: string): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  const script = name === "gateway" ? "gateway/main.ts" : `services/${name}/main.ts`;
  const pid = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes(script));
  if (pid === undefined) throw new Error(`${name} does not run`);
  return Number(pid);
}
