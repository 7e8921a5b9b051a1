import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../services/runtime/clock.ts";
import { type MongodbDatabase, openMongodb } from "../../../services/storage/mongodb-database.ts";
import { mongodbVersionedDocuments } from "../../../services/storage/mongodb-versioned-documents.ts";
import { conflict } from "../../../services/storage/versioned-documents.ts";
import { type Counter, counterKind } from "./counters.ts";
import { cuttingProxy } from "./cutting-proxy.ts";
import { freshMongodb, mongodbEngines } from "./engines.ts";

describe("opening MongoDB", () => {
  test("a URL without the name of a database is refused without showing it", async () => {
    const opening = openMongodb("mongodb://user:secret@127.0.0.1:1");
    await expect(opening).rejects.toThrow("the MongoDB URL should be a URL like mongodb://host:27017/name");
    await expect(opening).rejects.not.toThrow("secret");
  });

  test("a server that is not there is unavailable, and is named", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const opening = openMongodb(`mongodb://127.0.0.1:${port}/carillon`, { serverSelectionTimeoutMs: 100 });
    await expect(opening).rejects.toMatchObject({ name: "StoreUnavailableError", reason: "failed" });
    await expect(opening).rejects.toThrow(`MongoDB at 127.0.0.1:${port} cannot be reached (CARILLON_DATABASE_URL)`);
  });
});

describe.each(mongodbEngines)("versioned documents on $name, underneath", (engine) => {
  let fresh: Awaited<ReturnType<typeof freshMongodb>>;
  let database: MongodbDatabase;
  beforeAll(async () => {
    fresh = await freshMongodb(engine.url);
    database = fresh.database;
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.close();
  });

  const countersOf = (opened: MongodbDatabase) => mongodbVersionedDocuments<Counter>(opened, counterKind, systemClock);
  const written = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, expectedVersion: 0, value: { count: 1 } }));

  test("indexes are made at every start anew without harm, one a field", async () => {
    await countersOf(database);
    await countersOf(database);
    const indexes = await database.db.collection(counterKind.name).indexes();
    const keys = indexes.map(({ key }) => Object.keys(key).join());
    expect(keys.sort()).toEqual(["_id", "fields.due,_id", "fields.label,_id"]);
  });

  test("a lost answer makes a save unavailable, or the driver asks again, but never a conflict or a second write", async () => {
    const { hostname, port } = new URL(engine.url);
    const proxy = await cuttingProxy({ host: hostname, port: Number(port || 27017) });
    const proxied = new URL(fresh.url);
    proxied.host = `127.0.0.1:${proxy.port}`;
    const opened = await openMongodb(proxied.href);
    try {
      const counters = await countersOf(opened);
      const [first] = await counters.save([{ key: "cut", expectedVersion: 0, value: { count: 1 } }]);
      if (first === conflict || first === undefined) throw new Error("the document exists");
      proxy.loseAnswerTo("update", counterKind.name, "cut");
      const [outcome] = await Promise.allSettled([
        counters.save([{ key: "cut", expectedVersion: first, value: { count: 2 } }]),
      ]);
      const stored = (await counters.load(["cut"])).get("cut");
      expect(stored?.value).toEqual({ count: 2 });
      if (outcome?.status === "fulfilled") expect(outcome.value).toEqual([stored?.version]);
      else expect(outcome?.reason).toMatchObject({ name: "StoreUnavailableError", reason: "failed" });
      expect(await counters.save([{ key: "cut", expectedVersion: first, value: { count: 3 } }])).toEqual([conflict]);
    } finally {
      await opened.close();
      await proxy.close();
    }
  });

  test("once it is closed, it is unavailable and not healthy", async () => {
    const opened = await openMongodb(fresh.url);
    expect(await opened.healthy()).toBe(true);
    const counters = await countersOf(opened);
    await opened.close();
    await expect(counters.load(["a"])).rejects.toMatchObject({ name: "StoreUnavailableError", reason: "closed" });
    expect(await opened.healthy()).toBe(false);
  });

  // Servers that stop at a failed update get a command for each document, see casWriter.
  if (!engine.atomicUpdates) return;

  test("a save, a load and a removal are one command each, whatever they hold", async () => {
    const counters = await countersOf(database);
    const commands: string[] = [];
    const listen = ({ commandName }: { commandName: string }) => commands.push(commandName);
    database.client.on("commandStarted", listen);
    for (const [size, from] of [
      [1, 0],
      [60, 100],
    ] as const) {
      const writes = written(size, from);
      const versions = (await counters.save(writes)).map(Number);
      await counters.save(writes);
      await counters.load(writes.map(({ key }) => key));
      await counters.remove(writes.map(({ key }, index) => ({ key, version: versions[index]! })));
    }
    database.client.off("commandStarted", listen);
    expect(commands).toEqual(["update", "update", "find", "delete", "update", "update", "find", "delete"]);
  });
});
