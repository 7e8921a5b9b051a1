import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { connects } from "./connects.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

const found = spawnSync("redis-server", ["--version"]).status === 0;
if (!found) process.stderr.write("skipped: faults of Redis; put redis-server on PATH to have them\n");

describe.skipIf(!found)("limits are shared through a Redis", () => {
  let redis: ChildProcess;
  let port: number;
  let topology: Topology;

  async function startRedis(): Promise<void> {
    const options = ["--bind", "127.0.0.1", "--port", `${port}`, "--save", "", "--appendonly", "no"];
    redis = spawn("redis-server", options, { stdio: "ignore" });
    await connects(port);
  }

  beforeEach(async () => {
    [port = 0] = await freePorts("127.0.0.1", 1);
    await startRedis();
    topology = await startTopology({
      settings: { CARILLON_REDIS_URL: `redis://127.0.0.1:${port}`, CARILLON_RATE_LIMIT: "100000" },
    });
  });
  afterEach(async () => {
    await topology.close();
    redis.kill("SIGKILL");
  });

  test("that hangs: nobody is refused, and nothing waits for it", async () => {
    const { answers, longestMs } = await survive({
      name: "Redis hangs (SIGSTOP) for 5 s",
      happens: "nobody is refused; each gateway counts by itself meanwhile",
      system: topology,
      seed: 300,
      async fault() {
        redis.kill("SIGSTOP");
        await sleep(5_000);
        redis.kill("SIGCONT");
      },
    });
    expect([...answers.keys()]).toEqual(["200"]);
    expect(longestMs).toBeLessThan(5_000); // the time that Redis hung
  });

  test("that is killed and starts again", async () => {
    const { answers } = await survive({
      name: "kill -9 of Redis, away for 3 s",
      happens: "nobody is refused; each gateway counts by itself meanwhile",
      system: topology,
      seed: 301,
      async fault() {
        redis.kill("SIGKILL");
        await once(redis, "exit");
        await sleep(3_000);
        await startRedis();
        await sleep(1_500);
      },
    });
    expect([...answers.keys()]).toEqual(["200"]);
  });
});
