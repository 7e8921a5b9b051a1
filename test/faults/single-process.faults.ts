import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, test } from "vitest";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

let topology: Topology;

beforeEach(async () => {
  topology = await startTopology({ processes: ["carillon"] });
});
afterEach(() => topology.close());

test("everything in one process is killed under load, four times, and starts again", async () => {
  await survive({
    name: "kill -9 of everything in one process, four times",
    happens: "connections break until it is back; what was left undone is finished at once",
    system: topology,
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
