import { spawnSync } from "node:child_process";
import { mkdtemp, open, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildPreload, type Preload, preloadFound } from "./preload.ts";
import type { ProcessName } from "./process.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

const canMount = process.platform === "linux" && process.getuid?.() === 0;
if (!canMount) process.stderr.write("skipped: a full disk; run as root on Linux, which may mount one, to have it\n");
if (!preloadFound)
  process.stderr.write("skipped: a disk that fails; put a C compiler (cc) on PATH on Linux to have it\n");

let topology: Topology | undefined;

describe.skipIf(!canMount)("the disk is full for 7 s", () => {
  let disk: string;

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), "carillon-disk-"));
    const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "carillon-faults", disk]);
    if (status !== 0) throw new Error(`mount: ${stderr}`);
  });
  afterEach(async () => {
    await topology?.close();
    spawnSync("umount", [disk]);
    await rm(disk, { recursive: true });
  });

  test.each([
    [["carillon"], 400],
    [undefined, 401],
  ] as const)("of %j", async (processes, seed) => {
    topology = await startTopology({ dataDir: disk, ...(processes && { processes }) });
    const ballast = join(disk, "ballast");
    await survive({
      name: `disk full for 7 s, ${processes ? "one process" : "five processes"}`,
      happens:
        "nothing is stored; requests wait up to 5 s, then 503; once there is room, everything goes on without a restart",
      system: topology,
      seed,
      async fault() {
        await fill(ballast);
        await sleep(7_000);
        await truncate(ballast);
      },
    });
    const names = processes ?? (["ingestion", "identity", "device", "tracking"] as const);
    const failures = await Promise.all(names.map((name) => storeFailures(name)));
    expect(Math.max(...failures)).toBeGreaterThan(0);
  });
});

describe.skipIf(!preloadFound)("the disk cannot sync for 3 s", () => {
  let preload: Preload;

  beforeEach(() => {
    preload = buildPreload();
  });
  afterEach(async () => {
    await topology?.close();
    preload.close();
  });

  test("of ingestion: it acknowledges nothing more until it is started again", async () => {
    topology = await startTopology({ launch: (name) => (name === "ingestion" ? preload.launch : {}) });
    await survive({
      name: "fsync of ingestion fails",
      happens: "not ready and 503 from then on, even when the disk is well again, until it is started again",
      system: topology,
      seed: 410,
      async fault() {
        preload.set({ syncFails: true });
        await sleep(3_000);
        preload.set({});
        expect(await storeFailures("ingestion")).toBeGreaterThan(0);
        expect(await topology?.signal("ingestion", "SIGTERM")).toMatchObject({ signal: null });
        topology?.start("ingestion");
        await topology?.ready();
      },
    });
  });

  test("of everything in one process: it acknowledges nothing more until it is started again", async () => {
    topology = await startTopology({ processes: ["carillon"], launch: () => preload.launch });
    await survive({
      name: "fsync of one process fails",
      happens:
        "not ready and 503 from then on, even when the disk is well again, until it is started again (decision 10)",
      system: topology,
      seed: 411,
      async fault() {
        preload.set({ syncFails: true });
        await sleep(3_000);
        preload.set({});
        await sleep(2_500); // longer than between two looks at what is needed
        expect((await fetch(`${topology?.url}/readyz`)).status).toBe(503);
        expect(await topology?.signal("carillon", "SIGTERM")).toMatchObject({ signal: null });
        topology?.start("carillon");
        await topology?.ready();
      },
    });
  });
});

/** Makes a file as large as its disk allows. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (;;) await file.write(Buffer.alloc(65_536));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    await file.close();
  }
}

async function storeFailures(name: ProcessName): Promise<number> {
  const text = await (await fetch(topology?.metricsUrl(name) ?? "")).text();
  const counts = [...text.matchAll(/^carillon_store_failures_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}
