import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("nobody but its own user may read what a process stores", async () => {
  const folder = await mkdtemp(join(tmpdir(), "carillon-data-"));
  const dataDir = join(folder, "data");
  const script = fileURLToPath(new URL("../../../services/device/main.ts", import.meta.url));
  const ports = { CARILLON_GRPC_PORT: "0", CARILLON_METRICS_PORT: "0" };
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, CARILLON_DATA_DIR: dataDir, ...ports },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes("device is ready")) break;
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  expect(await mode(dataDir)).toBe("700");
  const files = await readdir(dataDir);
  expect(files).toContain("device.sqlite");
  for (const file of files) expect([file, await mode(join(dataDir, file))]).toEqual([file, "600"]);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  await rm(folder, { recursive: true });
});

test.each([
  ["gateway/single-process.ts", "file", "there is a file of that name"],
  ["services/trial/main.ts", "file/below", "a part of the path is a file"],
  ["services/device/main.ts", "file", "there is a file of that name"],
])("%s tells a data folder that cannot be one (%s) by its setting, in one line", async (script, name, reason) => {
  const folder = await mkdtemp(join(tmpdir(), "carillon-data-"));
  await writeFile(join(folder, "file"), "");
  const dataDir = join(folder, name);
  const ports = { CARILLON_HTTP_PORT: "0", CARILLON_GRPC_PORT: "0", CARILLON_METRICS_PORT: "0" };
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../../${script}`, import.meta.url))], {
    env: { PATH: process.env.PATH, CARILLON_DATA_DIR: dataDir, CARILLON_LOG_LEVEL: "silent", ...ports },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [told, [status]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect([status, told]).toEqual([
    1,
    `carillon: cannot keep data in ${dataDir} (CARILLON_DATA_DIR): ${reason}; name a folder that this user may write to\n`,
  ]);
  await rm(folder, { recursive: true });
});
