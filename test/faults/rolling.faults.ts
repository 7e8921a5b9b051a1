import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { serviceNames } from "./process.ts";
import { survive } from "./scenario.ts";

const [mongodb] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",");
const redis = process.env.CARILLON_TEST_REDIS_URL;
const canRun = process.platform === "linux" && Boolean(mongodb) && Boolean(redis);
if (!canRun)
  process.stderr.write(
    "skipped: rolling restarts; set CARILLON_TEST_MONGODB_URL and CARILLON_TEST_REDIS_URL on Linux to have them\n",
  );

describe.skipIf(!canRun)("two replicas of every process", () => {
  let cluster: Cluster | undefined;

  beforeEach(async () => {
    const [http = 0, grpc = 0, metrics = 0] = await freePorts("127.0.0.1", 3);
    cluster = await startCluster({
      replicas: 2,
      ports: { http, grpc, metrics },
      settings: {
        CARILLON_DATABASE_URL: `${mongodb}/faults-${randomUUID().slice(0, 8)}?directConnection=true`,
        CARILLON_REDIS_URL: redis as string,
        CARILLON_RATE_LIMIT: "100000",
      },
    });
  });
  afterEach(() => cluster?.close());

  test("are replaced one after the other under load: every request is answered, none by an error of ours", async () => {
    const { roll, callsAnswered } = cluster as Cluster;
    const { answers } = await survive({
      name: "rolling restart of ten processes, two replicas each",
      happens: "each ends with 0 after what it had accepted; callers move on to the others",
      system: cluster as Cluster,
      seed: 800,
      async fault() {
        for (const name of [...serviceNames].reverse()) expect(await roll(name), name).toEqual(bothWell);
        expect(await roll("gateway")).toEqual(bothWell);
      },
    });
    for (const status of answers.keys()) expect(["200", "503"]).toContain(status);
    for (const name of serviceNames)
      for (const calls of await callsAnswered(name)) expect(calls, name).toBeGreaterThan(0);
  });
});

const bothWell = Array.from({ length: 2 }, () => ({ status: 0, signal: null }));
