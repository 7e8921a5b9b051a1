import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { serviceNames } from "./process.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";
import { untilVerified } from "./verification.ts";

const older = process.env.CARILLON_TEST_OLDER;
const [mongodb] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",");
if (!older)
  process.stderr.write(
    "skipped: upgrades from an older version; set CARILLON_TEST_OLDER to a checkout of one, with its node_modules\n",
  );
else if (!mongodb) process.stderr.write("skipped: upgrades on MongoDB; set CARILLON_TEST_MONGODB_URL to have them\n");

describe.skipIf(!older)("an older version's data", () => {
  let topology: Topology | undefined;
  let cluster: Cluster | undefined;

  afterEach(async () => {
    await topology?.close();
    await cluster?.close();
    topology = cluster = undefined;
  });

  test("in one data folder is taken over, given back and taken over again, with kill -9 at every start, under load", async () => {
    let root: string | undefined = older;
    topology = await startTopology({
      processes: ["carillon"],
      launch: () => (root === undefined ? {} : { root }),
    });
    const system = topology;
    const { app } = await survive({
      name: "one process, from the older version to this one, back, and here again",
      system,
      seed: 900,
      async fault() {
        for (const version of [undefined, older, undefined]) {
          root = version;
          await system.signal("carillon", "SIGKILL");
          system.start("carillon");
          await system.ready();
        }
      },
    });
    await untilVerified(system, app);
  });

  test.skipIf(!mongodb)("on MongoDB is served by both versions side by side while replicas are replaced", async () => {
    const [http = 0, grpc = 0, metrics = 0] = await freePorts("127.0.0.1", 3);
    cluster = await startCluster({
      replicas: 2,
      launch: { root: older as string },
      ports: { http, grpc, metrics },
      settings: { CARILLON_DATABASE_URL: `${mongodb}/faults-${randomUUID().slice(0, 8)}?directConnection=true` },
    });
    const { roll } = cluster;
    const { answers, app } = await survive({
      name: "ten processes of the older version are replaced by ten of this one",
      system: cluster,
      seed: 901,
      async fault() {
        for (const name of [...serviceNames].reverse()) expect(await roll(name, {}), name).toEqual(bothWell);
        expect(await roll("gateway", {})).toEqual(bothWell);
      },
    });
    for (const status of answers.keys()) expect(["200", "503"]).toContain(status);
    await untilVerified(cluster, app);
  });
});

const bothWell = [
  { status: 0, signal: null },
  { status: 0, signal: null },
];
