import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const trial = fileURLToPath(new URL("../../../services/trial/main.ts", import.meta.url));

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

async function ready({ stdout }: ChildProcess): Promise<void> {
  const lines = createInterface({ input: stdout as NodeJS.ReadableStream });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => line.includes("is ready") && resolve());
    lines.on("close", () => reject(new Error("the processes ended before they were ready")));
  });
}
