import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { type ProcessName, processNames, serviceNames } from "./process.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";
import { startToxiproxy, type Toxiproxy, toxiproxyFound } from "./toxiproxy.ts";

if (!toxiproxyFound)
  process.stderr.write("skipped: a slow and a cut network; put toxiproxy-server on PATH to have them\n");

describe.skipIf(!toxiproxyFound)("the network between the processes", () => {
  let toxiproxy: Toxiproxy;
  let topology: Topology;
  /** Every way from one process to another, e.g. `ingestion-device`. */
  const ways: string[] = [];

  beforeEach(async () => {
    toxiproxy = await startToxiproxy();
    const addresses = new Map<string, string>();
    const upstreams = new Map<ProcessName, string>();
    const ports = await freePorts("127.0.0.1", processNames.length * serviceNames.length);
    const settingsOf = (name: ProcessName, address: (of: ProcessName) => string) => {
      for (const to of serviceNames) upstreams.set(to, address(to));
      return Object.fromEntries(
        serviceNames.map((to) => {
          const listen = addresses.get(`${name}-${to}`) ?? `127.0.0.1:${ports.pop()}`;
          addresses.set(`${name}-${to}`, listen);
          return [`CARILLON_${to.toUpperCase()}_ADDRESS`, listen];
        }),
      );
    };
    topology = await startTopology({ settingsOf });
    ways.splice(0, ways.length, ...addresses.keys());
    for (const [way, listen] of addresses) {
      const to = way.split("-")[1] as ProcessName;
      await toxiproxy.connect(way, upstreams.get(to) as string, listen);
    }
  });
  afterEach(async () => {
    await topology.close();
    toxiproxy.close();
  });

  test("is slow: every answer of a service comes 100 to 200 ms late", async () => {
    await survive({
      name: "network between processes 150 ms slower for 6 s",
      happens: "answers come late; what does not follow within a second follows the answer",
      system: topology,
      seed: 700,
      async fault() {
        for (const way of ways) await toxiproxy.slow(way, { latency: 150, jitter: 50 });
        await sleep(6_000);
        for (const way of ways) await toxiproxy.fast(way);
      },
    });
  });

  test("is cut between gateway and ingestion, then between ingestion and device", async () => {
    const { answers } = await survive({
      name: "network cut for 4 s: gateway from ingestion, then ingestion from device",
      happens: "503 while events cannot be stored; without device they are accepted and their effects follow",
      system: topology,
      seed: 701,
      async fault() {
        for (const way of ["gateway-ingestion", "ingestion-device"]) {
          await toxiproxy.cut(way);
          await sleep(4_000);
          await toxiproxy.mend(way);
        }
      },
    });
    expect(answers.get("503")).toBeGreaterThan(0);
  });

  test("hangs: no byte passes for 6 s, and no connection breaks", async () => {
    await survive({
      name: "network silent for 6 s",
      happens: "calls run into their deadlines, requests are answered 503 after 5 s",
      system: topology,
      seed: 702,
      async fault() {
        toxiproxy.pause();
        await sleep(6_000);
        toxiproxy.resume();
      },
    });
  });
});
