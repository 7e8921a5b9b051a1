import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MongodbFaultsProxy, startMongodbFaultsProxy } from "./mongodb-faults-proxy.ts";
import { survive } from "./scenario.ts";
import { startTopology, type Topology } from "./topology.ts";

const urls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
if (urls.length === 0)
  process.stderr.write("skipped: errors that MongoDB answers; set CARILLON_TEST_MONGODB_URL to have them\n");

describe.each(urls.map((url, i) => [i + 1, url] as const))(
  "MongoDB (server %i) answers every write for 3 s",
  (server, url) => {
    let proxy: MongodbFaultsProxy;
    let topology: Topology;

    beforeEach(async () => {
      proxy = await startMongodbFaultsProxy(new URL(url).host);
      const database = `faults-${randomUUID().slice(0, 8)}`;
      const databaseUrl = `mongodb://${proxy.address}/${database}?directConnection=true`;
      topology = await startTopology({ settings: { CARILLON_DATABASE_URL: databaseUrl } });
    });
    afterEach(async () => {
      await topology.close();
      proxy.close();
    });

    test.each([
      [
        "not_primary",
        "not primary (10107), and does nothing",
        "the gateway repeats its call for up to 5 s, then 503; stored when there is a primary",
      ],
      [
        "interrupted",
        "interrupted by a stepdown (11602), and has done it",
        "as above; the repeated call finds the events stored, and they count once",
      ],
      [
        "write_concern",
        "write concern failed (64), and has done it",
        "as above: nothing that a majority has not confirmed is answered 200",
      ],
    ] as const)("with %s: %s", async (fault, name, happens) => {
      await survive({
        name: `MongoDB answers 3 s long: ${name} (server ${server})`,
        happens,
        system: topology,
        seed: 550 + server,
        async fault() {
          proxy.answerWith(fault);
          await sleep(3_000);
          proxy.answerWith(undefined);
        },
      });
      expect(proxy.changed()).toBeGreaterThan(0);
    });
  },
);
