import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { connects } from "./connects.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";
import { startToxiproxy, type Toxiproxy, toxiproxyFound } from "./toxiproxy.ts";

const urls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
const mongoUp = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "mongo-up"))
  .find((file) => spawnSync("test", ["-x", file]).status === 0);
if (urls.length === 0)
  process.stderr.write("skipped: faults on the way to MongoDB; set CARILLON_TEST_MONGODB_URL to have them\n");
else if (!toxiproxyFound)
  process.stderr.write("skipped: faults on the way to MongoDB; put toxiproxy-server on PATH to have them\n");
if (!mongoUp) process.stderr.write("skipped: a MongoDB server that is killed; put mongo-up on PATH to have it\n");

let topology: Topology;

const databaseUrl = (address: string) =>
  `mongodb://${address}/faults-${randomUUID().slice(0, 8)}?directConnection=true`;

describe.skipIf(!toxiproxyFound).each(urls.map((url, i) => [i + 1, url] as const))(
  "the way to MongoDB (server %i)",
  (server, url) => {
    let toxiproxy: Toxiproxy;

    beforeEach(async () => {
      toxiproxy = await startToxiproxy();
      const address = await toxiproxy.connect("mongodb", new URL(url).host);
      topology = await startTopology({ settings: { CARILLON_DATABASE_URL: databaseUrl(address) } });
    });
    afterEach(async () => {
      await topology.close();
      toxiproxy.close();
    });

    test("is cut for 5 s", async () => {
      await survive({
        name: `MongoDB cut off for 5 s (server ${server})`,
        happens: "requests wait up to 5 s, then 503; services become unready and are ready again with the connection",
        system: topology,
        seed: 500 + server,
        async fault() {
          await toxiproxy.cut("mongodb");
          await sleep(5_000);
          await toxiproxy.mend("mongodb");
        },
      });
    });

    test("is slow: answers come 100 to 300 ms late", async () => {
      await survive({
        name: `MongoDB answers 200 ms late for 6 s (server ${server})`,
        happens: "answers come late; effects follow the answer",
        system: topology,
        seed: 510 + server,
        async fault() {
          await toxiproxy.slow("mongodb", { latency: 200, jitter: 100 });
          await sleep(6_000);
          await toxiproxy.fast("mongodb");
        },
      });
    });

    test("is silent for 6 s: connections stay open and nothing arrives until then", async () => {
      await survive({
        name: `MongoDB silent for 6 s (server ${server})`,
        happens:
          "requests wait and are answered 503 after 5 s; what was written meanwhile is found when it is sent again",
        system: topology,
        seed: 520 + server,
        async fault() {
          toxiproxy.pause();
          await sleep(6_000);
          toxiproxy.resume();
        },
      });
    });
  },
);

describe.skipIf(!mongoUp)("a MongoDB server that keeps its data", () => {
  let folder: string;
  let port: number;

  async function startServer(): Promise<void> {
    // Its output is nobody's, or the server that it leaves behind would keep our pipes.
    spawn(mongoUp as string, [folder, `${port}`, "durable"], { stdio: "ignore" });
    await connects(port);
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-mongodb-"));
    [port = 0] = await freePorts("127.0.0.1", 1);
    await startServer();
    topology = await startTopology({ settings: { CARILLON_DATABASE_URL: databaseUrl(`127.0.0.1:${port}`) } });
  });
  afterEach(async () => {
    await topology.close();
    spawnSync(join(folder, "stop"));
    await rm(folder, { recursive: true });
  });

  test("is killed under load, is away for 3 s, and starts again, twice", async () => {
    await survive({
      name: "kill -9 of MongoDB, away for 3 s, twice",
      happens: "requests wait up to 5 s, then 503; services become unready and are ready again with the server",
      system: topology,
      seed: 530,
      async fault() {
        for (let times = 0; times < 2; times++) {
          process.kill(Number(await readFile(join(folder, "server.pid"), "utf8")), "SIGKILL");
          await sleep(3_000);
          await startServer();
          await sleep(2_000);
        }
      },
    });
  });
});
