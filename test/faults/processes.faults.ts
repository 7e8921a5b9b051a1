import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ProcessName, processNames } from "./process.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

let topology: Topology;

beforeEach(async () => {
  topology = await startTopology();
});
afterEach(() => topology.close());

const killed: Record<Exclude<ProcessName, "carillon">, string> = {
  ingestion: "503 until it is back; the sweeper finishes what was left undone",
  identity: "events with a known key are accepted, their effects follow; other requests are answered 503",
  device: "events are accepted, their effects follow; refreshes are answered 503",
  tracking: "events are accepted; pushes and their reports are answered 503",
  gateway: "connections break; clients send again what was not answered, and it counts once",
};

describe("a process is killed under load, three times, and starts again", () => {
  test.each(processNames.map((name, i) => [name, i] as const))("%s", async (name, i) => {
    await survive({
      name: `kill -9 of ${name}, three times`,
      happens: killed[name],
      system: topology,
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
    name: "kill -9 of all five processes",
    happens: "connections break until they are back; as above",
    system: topology,
    seed: 110,
    async fault() {
      await Promise.all(processNames.map((name) => topology.signal(name, "SIGKILL")));
      for (const name of processNames) topology.start(name);
    },
  });
});

test("identity, device and tracking are down for a minute, and events are accepted meanwhile", async () => {
  let during = 0;
  await survive({
    name: "identity, device and tracking down for a minute",
    happens: "events with a known key are accepted all the time; their effects follow when the services are back",
    system: topology,
    seed: 120,
    async fault() {
      const away = ["identity", "device", "tracking"] as const;
      await Promise.all(away.map((name) => topology.signal(name, "SIGKILL")));
      const before = await eventsStored();
      await sleep(60_000);
      during = (await eventsStored()) - before;
      for (const name of away) topology.start(name);
    },
  });
  expect(during).toBeGreaterThan(0);
});

test("ingestion is down for 8 s, and nothing is accepted meanwhile", async () => {
  await survive({
    name: "ingestion down for 8 s",
    happens: "the gateway is not ready, requests are answered 503",
    system: topology,
    seed: 121,
    async fault() {
      await topology.signal("ingestion", "SIGKILL");
      await sleep(8_000);
      topology.start("ingestion");
    },
  });
});

describe("a process hangs for 4 s", () => {
  test.each([
    ["ingestion", 130],
    ["device", 131],
  ] as const)("%s", async (name, seed) => {
    await survive({
      name: `SIGSTOP of ${name} for 4 s`,
      happens: "calls to it wait and run into their deadlines; nothing is done twice when it goes on",
      system: topology,
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
    name: "SIGTERM of each process in turn, one replica each",
    happens: "each ends with 0 after what it had accepted; 503 or no answer while it is away",
    system: topology,
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
