import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { survive } from "./scenario.ts";
import { differences, operatorTransport } from "./state.ts";
import { startTopology, type Topology } from "./topology.ts";

let topology: Topology;

beforeEach(async () => {
  topology = await startTopology({ processes: ["carillon"] });
});
afterEach(() => topology.close());

test("everything in one process is killed under load, four times, and starts again", async () => {
  await survive({
    name: "kill -9 of npm start",
    topology,
    seed: 200,
    async fault() {
      for (let times = 0; times < 4; times++) {
        await topology.signal("carillon", "SIGKILL");
        topology.start("carillon");
        await topology.ready();
        await sleep(1_000);
      }
    },
  });
});

test("a copy of the data folder of a process that was stopped is a backup: the state of that moment comes back", async () => {
  const backup = await mkdtemp(join(tmpdir(), "carillon-backup-"));
  const first = await survive({ name: "before the backup", topology, seed: 210, fault: async () => undefined });
  expect(await topology.signal("carillon", "SIGTERM")).toEqual({ status: 0, signal: null });
  await cp(topology.dataDir, backup, { recursive: true });
  topology.start("carillon");
  await survive({ name: "after the backup", topology, seed: 211, fault: async () => undefined });

  await topology.signal("carillon", "SIGTERM");
  for (const file of await readdir(topology.dataDir)) await rm(join(topology.dataDir, file));
  await cp(backup, topology.dataDir, { recursive: true });
  topology.start("carillon");
  await topology.ready();
  expect(await differences(operatorTransport(topology), first.app, first.accepted)).toEqual([]);
  await rm(backup, { recursive: true });
});
