import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { connects } from "./connects.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

const [url] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",");
const found = spawnSync("toxiproxy-server", ["-version"]).status === 0;
if (!url) process.stderr.write("skipped: faults of MongoDB; set CARILLON_TEST_MONGODB_URL to have them\n");
else if (!found) process.stderr.write("skipped: faults of MongoDB; put toxiproxy-server on PATH to have them\n");

describe.skipIf(!url || !found)("the way to MongoDB", () => {
  let proxy: ChildProcess;
  let topology: Topology;
  let api: string;

  /** Calls toxiproxy (https://github.com/Shopify/toxiproxy, HTTP API). */
  async function ask(path: string, body: object): Promise<void> {
    const answer = await fetch(api + path, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`toxiproxy: ${path} answered ${answer.status}: ${await answer.text()}`);
  }

  beforeEach(async () => {
    const [apiPort = 0, port = 0] = await freePorts("127.0.0.1", 2);
    proxy = spawn("toxiproxy-server", ["-host", "127.0.0.1", "-port", `${apiPort}`], { stdio: "ignore" });
    await connects(apiPort);
    api = `http://127.0.0.1:${apiPort}`;
    await ask("/proxies", {
      name: "mongodb",
      listen: `127.0.0.1:${port}`,
      upstream: new URL(url ?? "").host,
      enabled: true,
    });
    const database = `faults-${randomUUID().slice(0, 8)}`;
    const databaseUrl = `mongodb://127.0.0.1:${port}/${database}?directConnection=true`;
    topology = await startTopology({ environment: { CARILLON_DATABASE_URL: databaseUrl } });
  });
  afterEach(async () => {
    await topology.close();
    proxy.kill("SIGKILL");
  });

  test("is cut for 5 s, twice", async () => {
    await survive({
      name: "MongoDB cut off for 5 s",
      topology,
      seed: 500,
      async fault() {
        for (let times = 0; times < 2; times++) {
          await ask("/proxies/mongodb", { enabled: false });
          await sleep(5_000);
          await ask("/proxies/mongodb", { enabled: true });
          await sleep(2_000);
        }
      },
    });
  });

  test("is slow: answers come 200 ms late", async () => {
    await survive({
      name: "MongoDB answers 200 ms late",
      topology,
      seed: 501,
      async fault() {
        const latency = {
          name: "slow",
          type: "latency",
          stream: "downstream",
          attributes: { latency: 200, jitter: 100 },
        };
        await ask("/proxies/mongodb/toxics", latency);
        await sleep(6_000);
        await fetch(`${api}/proxies/mongodb/toxics/slow`, { method: "DELETE" });
      },
    });
  });

  test("is silent for 6 s: connections stay open and nothing arrives until then", async () => {
    await survive({
      name: "MongoDB silent for 6 s",
      topology,
      seed: 502,
      async fault() {
        proxy.kill("SIGSTOP");
        await sleep(6_000);
        proxy.kill("SIGCONT");
      },
    });
  });
});
