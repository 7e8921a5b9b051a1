import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { differencesFrom } from "../simulation/compare.ts";
import { shownState } from "../simulation/final-state.ts";
import type { ProcessName } from "./process.ts";
import { type App, survive } from "./scenario.ts";
import { differences, operatorTransport } from "./state.ts";
import { startTopology, type Topology } from "./topology.ts";
import { untilVerified, verify } from "./verification.ts";

const [mongodb] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",");
if (!mongodb) process.stderr.write("skipped: backups of MongoDB; set CARILLON_TEST_MONGODB_URL to have them\n");

let topology: Topology;
let restored: Topology | undefined;

afterEach(async () => {
  await topology.close();
  await restored?.close();
  restored = undefined;
});

describe("a copy of the data folder of everything in one process is a backup", () => {
  let backup: string;

  beforeEach(async () => {
    backup = await mkdtemp(join(tmpdir(), "carillon-backup-"));
    topology = await startTopology({ processes: ["carillon"] });
  });
  afterEach(() => rm(backup, { recursive: true }));

  test("of a process that was stopped: the state of that moment comes back", async () => {
    const first = await survive({
      name: "before the backup",
      system: topology,
      seed: 210,
      fault: async () => undefined,
    });
    expect(await topology.signal("carillon", "SIGTERM")).toEqual({ status: 0, signal: null });
    await cp(topology.dataDir, backup, { recursive: true });
    topology.start("carillon");
    await survive({ name: "after the backup", system: topology, seed: 211, fault: async () => undefined });

    await topology.signal("carillon", "SIGTERM");
    for (const file of await readdir(topology.dataDir)) await rm(join(topology.dataDir, file));
    await cp(backup, topology.dataDir, { recursive: true });
    topology.start("carillon");
    await topology.ready();
    expect(await differences(operatorTransport(topology), first.app, first.accepted)).toEqual([]);
  });

  test("of a process that is held still under load: it has what was acknowledged by then, and is right", async () => {
    let acknowledged: string[] = [];
    const { app } = await survive({
      name: "SIGSTOP, copy of the data folder, SIGCONT",
      happens: "requests wait meanwhile; the copy, started, has everything that was acknowledged by then",
      system: topology,
      seed: 212,
      async fault(load) {
        await topology.signal("carillon", "SIGSTOP");
        acknowledged = load.acknowledged();
        await cp(topology.dataDir, backup, { recursive: true });
        await topology.signal("carillon", "SIGCONT");
      },
    });
    restored = await startTopology({ processes: ["carillon"], dataDir: backup });
    await restored.ready();
    const stored = await shownEvents(restored, app);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((fingerprint) => !stored.has(fingerprint))).toEqual([]);
    await untilVerified(restored, app);
  });
});

describe.skipIf(!mongodb)("databases of services that were dumped one after the other under load", () => {
  const urlOf = (set: string) => (name: ProcessName) => ({
    CARILLON_DATABASE_URL: `${mongodb}/faults-${set}-${name}?directConnection=true`,
  });

  test.each([
    ["events last", ["identity", "device", "tracking", "ingestion"], 220],
    ["events first", ["ingestion", "tracking", "device", "identity"], 221],
  ] as const)("%s: after a repair the state is that of the events in the dump", async (_, order, seed) => {
    const [before, after] = [randomUUID().slice(0, 8), randomUUID().slice(0, 8)];
    topology = await startTopology({ settingsOf: urlOf(before) });
    let acknowledged: string[] = [];
    const { app, accepted } = await survive({
      name: `dumps one after the other, ${order.join(", ")}`,
      system: topology,
      seed,
      eventsOnly: true,
      async fault(load) {
        for (const name of order) {
          if (name === "ingestion") acknowledged = load.acknowledged();
          await copyDatabase(`faults-${before}-${name}`, `faults-${after}-${name}`);
          await sleep(1_000);
        }
      },
    });
    restored = await startTopology({ settingsOf: urlOf(after) });
    await restored.ready();
    const { repaired, remaining } = await verify(restored, app, true);
    process.stdout.write(`${order.join(", ")}: ${repaired} repaired, ${remaining} remaining\n`);
    await untilVerified(restored, app);
    const shown = await shownState({ transportTo: () => operatorTransport(restored as Topology) }, app);
    const stored = accepted.events.filter(({ fingerprint }) => shown.events.has(fingerprint));
    expect(differencesFrom(shown, { ...accepted, events: stored })).toEqual([]);
    expect(acknowledged.filter((fingerprint) => !shown.events.has(fingerprint))).toEqual([]);
    expect(stored.length).toBeLessThan(accepted.events.length);
  });
});

async function shownEvents(system: Topology, { tenantId, appId }: App): Promise<ReadonlySet<string>> {
  const shown = await shownState({ transportTo: () => operatorTransport(system) }, { tenantId, appId });
  return new Set(shown.events.keys());
}

/** What `mongodump` and `mongorestore` do of one database. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const client = await MongoClient.connect(mongodb as string, { directConnection: true });
  try {
    for (const { name } of await client.db(from).listCollections().toArray()) {
      const documents = await client.db(from).collection(name).find().toArray();
      if (documents.length > 0) await client.db(to).collection(name).insertMany(documents);
    }
  } finally {
    await client.close();
  }
}
