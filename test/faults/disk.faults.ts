import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { survive } from "./scenario.ts";
import { type ProcessName, startTopology, type Topology } from "./topology.ts";

const found = spawnSync("prlimit", ["--version"]).status === 0;
if (!found) process.stderr.write("skipped: a full disk; put prlimit (util-linux) on PATH to have it\n");

/** Bytes that a process may still write to the end of its write-ahead log before the disk is full. */
const ROOM_BYTES = 16_384;

let topology: Topology | undefined;

/** From now on no file of the process grows beyond so many bytes: writes fail, as they do on a full disk. */
function limitFiles(of: ProcessName, bytes: number | "unlimited"): void {
  const { status, stderr } = spawnSync("prlimit", [`--pid=${topology?.pid(of)}`, `--fsize=${bytes}:`]);
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

/** The database file that the process writes. */
const fileOf = (name: ProcessName) => join(topology?.dataDir ?? "", `${name}.sqlite-wal`);

describe.skipIf(!found)("the disk of a process is full for 4 s", () => {
  afterEach(() => topology?.close());

  test.each([
    ["ingestion", 400],
    ["device", 401],
    ["carillon", 402],
  ] as const)("%s", async (name, seed) => {
    topology = await startTopology({
      ...(name === "carillon" && { processes: [name] }),
      // The kernel's signal for this would end the process; a full disk sends none.
      command: (_, node) => ["bash", "-c", "trap '' XFSZ; exec \"$@\"", "bash", ...node],
    });
    await survive({
      name: `full disk of ${name}`,
      topology,
      seed,
      async fault() {
        limitFiles(name, statSync(fileOf(name)).size + ROOM_BYTES);
        await sleep(4_000);
        limitFiles(name, "unlimited");
      },
    });
    expect(await storeFailures(topology.metricsUrl(name === "carillon" ? "gateway" : name))).toBeGreaterThan(0);
  });
});

async function storeFailures(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const counts = [...text.matchAll(/^carillon_store_failures_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}
