import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, test } from "vitest";
import { buildPreload, type Preload, preloadFound } from "./preload.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

if (!preloadFound)
  process.stderr.write("skipped: clocks that jump; put a C compiler (cc) on PATH on Linux to have them\n");

const HOURS_S = 3_600;

describe.skipIf(!preloadFound)(
  "the clock of a machine jumps two hours ahead, then an hour behind, then is right again",
  () => {
    let preload: Preload;
    let topology: Topology;

    beforeEach(() => {
      preload = buildPreload();
    });
    afterEach(async () => {
      await topology.close();
      preload.close();
    });

    test.each([
      ["gateway", 600],
      ["ingestion", 601],
      ["identity", 602],
      ["device", 603],
    ] as const)("of %s", async (name, seed) => {
      topology = await startTopology({ launch: (started) => (started === name ? preload.launch : {}) });
      await survive({
        name: `clock of ${name} 2 h ahead, 1 h behind, right again`,
        happens: "requests under way may be answered 503; times of receipt are that clock's",
        system: topology,
        seed,
        async fault() {
          for (const clockShiftS of [2 * HOURS_S, -HOURS_S, 0]) {
            preload.set({ clockShiftS });
            await sleep(2_000);
          }
        },
      });
    });

    test("of ingestion, which is killed while it is ahead and starts again with the right time", async () => {
      topology = await startTopology({ launch: (started) => (started === "ingestion" ? preload.launch : {}) });
      await survive({
        name: "clock of ingestion 2 h ahead, kill -9, right again",
        happens: "effects that were left undone are found although they are dated in the future",
        system: topology,
        seed: 610,
        async fault() {
          preload.set({ clockShiftS: 2 * HOURS_S });
          await topology.signal("device", "SIGKILL"); // so that effects are outstanding
          await sleep(3_000);
          await topology.signal("ingestion", "SIGKILL");
          preload.set({});
          topology.start("ingestion");
          topology.start("device");
        },
      });
    });
  },
);
