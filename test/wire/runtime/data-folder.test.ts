import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
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
