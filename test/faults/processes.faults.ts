import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { survive } from "./scenario.ts";
import { processNames, startTopology, type Topology } from "./topology.ts";

let topology: Topology;

beforeEach(async () => {
  topology = await startTopology();
});
afterEach(() => topology.close());

describe("a process is killed under load, three times, and starts again", () => {
  test.each(processNames.map((name, i) => [name, i] as const))("%s", async (name, i) => {
    await survive({
      name: `kill -9 of ${name}`,
      topology,
      seed: 100 + i,
      async fault() {
        for (let times = 0; times < 3; times++) {
          expect(await topology.signal(name, "SIGKILL")).toMatchObject({ signal: "SIGKILL" });
          await sleep(300);
          topology.start(name);
          await sleep(1_200);
        }
      },
    });
  });
});

test("all processes are killed at once, as by a power failure, and start again", async () => {
  await survive({
    name: "kill -9 of everything",
    topology,
    seed: 110,
    async fault() {
      await Promise.all(processNames.map((name) => topology.signal(name, "SIGKILL")));
      for (const name of processNames) topology.start(name);
    },
  });
});

describe("a service is down for a while, and events are accepted meanwhile", () => {
  test.each([
    ["identity", 120],
    ["device", 121],
    ["tracking", 122],
  ] as const)("%s", async (name, seed) => {
    let during = 0;
    await survive({
      name: `${name} down for 8 s`,
      topology,
      seed,
      async fault() {
        await topology.signal(name, "SIGKILL");
        const before = await eventsStored();
        await sleep(8_000);
        during = (await eventsStored()) - before;
        topology.start(name);
      },
    });
    expect(during).toBeGreaterThan(0);
  });
});

describe("a process hangs for 4 s", () => {
  test.each([
    ["ingestion", 130],
    ["device", 131],
  ] as const)("%s", async (name, seed) => {
    await survive({
      name: `SIGSTOP of ${name} for 4 s`,
      topology,
      seed,
      async fault() {
        await topology.signal(name, "SIGSTOP");
        await sleep(4_000);
        await topology.signal(name, "SIGCONT");
      },
    });
  });
});

test("every process is stopped and started in turn under load, and each ends well", async () => {
  const { answers } = await survive({
    name: "SIGTERM of each in turn",
    topology,
    seed: 140,
    async fault() {
      for (const name of processNames) {
        expect(await topology.signal(name, "SIGTERM"), name).toEqual({ status: 0, signal: null });
        topology.start(name);
        await sleep(1_500);
      }
    },
  });
  expect(answers.get("200")).toBeGreaterThan(0);
});

async function eventsStored(): Promise<number> {
  const text = await (await fetch(topology.metricsUrl("ingestion"))).text();
  return Number(/^carillon_ingestion_events_total\{outcome="stored"\} (\d+)/m.exec(text)?.[1] ?? 0);
}
