import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock as clock } from "../../../services/runtime/clock.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { closeDatabase, type Database, versionedDocuments } from "../../../services/storage/open-database.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { prepareStore, type StoreSchema, storeNoteKind } from "../../../services/storage/store-schema.ts";
import type { DocumentKind } from "../../../services/storage/versioned-documents.ts";
import { freshMongodb, mongodbEngines } from "./engines.ts";

interface Ship {
  readonly name: string;
  readonly tons: number;
}

/** Ships as two versions keep them: the second finds them by their tons too. */
const shipsOf = (fields: DocumentKind<Ship>["fields"]): DocumentKind<Ship> => ({ name: "ships", fields });
const byName = (ship: Ship) => ship.name;
const byTons = ({ tons }: Ship) => (tons > 0 ? tons : null);
const ports: DocumentKind<{ readonly berths: number }> = { name: "ports", fields: { berths: ({ berths }) => berths } };
const first = { schema: { version: 1, compatibleFrom: 1 }, ships: shipsOf({ name: byName }) };
const second = { schema: { version: 2, compatibleFrom: 1 }, ships: shipsOf({ name: byName, tons: byTons }) };
/** A process of the second version that ends with the thirtieth ship. */
const dyingAt30 = {
  ...second,
  ships: shipsOf({
    name: byName,
    tons(ship) {
      if (ship.tons === 30) throw new Error("killed");
      return byTons(ship);
    },
  }),
};
const later: StoreSchema = { version: 5, compatibleFrom: 3 };

const engines = [
  {
    name: "SQLite",
    open: async (): Promise<Database> => ({
      engine: "sqlite",
      sqlite: await openSqliteDatabase({ file: ":memory:" }),
    }),
  },
  ...mongodbEngines.map(({ name, url }) => ({
    name,
    open: async (): Promise<Database> => ({ engine: "mongodb", mongodb: (await freshMongodb(url)).database }),
  })),
];

describe.each(engines)("a store's schema on $name", ({ open }) => {
  let database: Database;
  let lines: { msg: string; from: number; to: number }[];

  beforeEach(async () => {
    database = await open();
    lines = [];
  });
  afterEach(async () => {
    if (database.engine === "mongodb") await database.mongodb.db.dropDatabase();
    await closeDatabase(database);
  });

  const log = createLogger({
    name: "test",
    level: "info",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const prepare = (version: { schema: StoreSchema; ships: DocumentKind<Ship> }) =>
    prepareStore(database, {
      service: "harbour",
      kinds: [ports, version.ships],
      clock,
      log,
      schema: version.schema,
      stepDocuments: 20,
    });
  const shipsAs = ({ ships }: { ships: DocumentKind<Ship> }) => versionedDocuments(database, ships, clock);
  const note = async () =>
    (await (await versionedDocuments(database, storeNoteKind, clock)).load(["harbour"])).get("harbour")?.value;

  async function sail(version: { ships: DocumentKind<Ship> }, keys: readonly number[]): Promise<void> {
    const ships = await shipsAs(version);
    const keyOf = (number: number) => `ship/${`${number}`.padStart(4, "0")}`;
    const known = await ships.load(keys.map(keyOf));
    const writes = keys.map((number) => {
      const key = keyOf(number);
      return { key, expectedVersion: known.get(key)?.version ?? 0, value: { name: `S${number}`, tons: number } };
    });
    await ships.save(writes);
  }
  async function findByTons(above: number): Promise<string[]> {
    const query = { keyPrefix: "", where: { field: "tons", above }, limit: 5_000 };
    return (await (await shipsAs(second)).page(query)).map(({ value }) => value.name);
  }

  test("is noted at the first start, which tells nothing, and lets every later one pass", async () => {
    for (let start = 0; start < 2; start++) await prepare(second);
    expect(await note()).toEqual({ format: 1, schema: 2 });
    expect(lines).toEqual([]);
  });

  test("rises with a field that is new: what an earlier version has stored is found by it, and the log tells", async () => {
    await prepare(first);
    await sail(first, [0, 1, 2, 3]);
    await prepare(second);
    expect(await findByTons(1)).toEqual(["S2", "S3"]);
    expect(await findByTons(-1)).toEqual(["S1", "S2", "S3"]);
    expect(await note()).toEqual({ format: 1, schema: 2 });
    expect(lines).toMatchObject([
      { service: "harbour", from: 1, to: 2, msg: "changing the store's schema" },
      { service: "harbour", from: 1, to: 2, msg: "the store's schema is changed" },
    ]);
  });

  test("rises for data of which nothing is noted, too", async () => {
    await sail(first, [1, 2]);
    await prepare(second);
    expect(await findByTons(0)).toEqual(["S1", "S2"]);
  });

  test("is changed in steps, and goes on after the last one when a process is killed in between", async () => {
    const all = Array.from({ length: 50 }, (_, number) => number + 1);
    await prepare(first);
    await sail(first, all);
    await expect(prepare(dyingAt30)).rejects.toThrow("killed");
    expect(await note()).toMatchObject({ format: 1, expansion: { schema: 2, kind: 1, afterKey: "ship/0020" } });
    const filed: number[] = [];
    const noting = (ship: Ship) => {
      filed.push(ship.tons);
      return byTons(ship);
    };
    await prepare({ ...second, ships: shipsOf({ name: byName, tons: noting }) });
    expect(filed).toEqual(all.slice(20));
    expect(await findByTons(0)).toHaveLength(all.length);
    expect(await note()).toEqual({ format: 1, schema: 2 });
  });

  test("is changed from the start where an earlier version has stored something after the interruption", async () => {
    const all = Array.from({ length: 50 }, (_, number) => number + 1);
    await prepare(first);
    await sail(first, all);
    await expect(prepare(dyingAt30)).rejects.toThrow("killed");
    await prepare(first);
    await sail(first, [0, 1]);
    await prepare(second);
    expect(await findByTons(0)).toHaveLength(all.length);
  });

  test("is changed by several replicas that start at once", async () => {
    const all = Array.from({ length: 50 }, (_, number) => number + 1);
    await prepare(first);
    await sail(first, all);
    await Promise.all([prepare(second), prepare(second), prepare(second)]);
    expect(await findByTons(0)).toHaveLength(all.length);
    expect(await note()).toEqual({ format: 1, schema: 2 });
  });

  test("may be an earlier one again while that is compatible; what it stores then is found after the next start", async () => {
    await prepare(second);
    await sail(second, [1, 2, 3]);
    await prepare(first);
    expect(await note()).toEqual({ format: 1, schema: 1 });
    await sail(first, [0, 4]);
    const ships = await shipsAs(first);
    const [one] = await ships.page({ keyPrefix: "ship/0001", limit: 1 });
    await ships.save([{ key: one!.key, expectedVersion: one!.version, value: { name: "S1", tons: 0 } }]);
    await prepare(second);
    expect(await findByTons(0)).toEqual(["S2", "S3", "S4"]);
  });

  test("keeps out versions that would harm the data, with one line, and nothing is changed", async () => {
    await prepare({ schema: later, ships: second.ships });
    const before = await note();
    expect(before).toEqual({ format: 3, schema: 5 });
    await expect(prepare(second)).rejects.toThrow(
      "the data of harbour needs schema 3 and this version of Carillon has 2; start the version that wrote it",
    );
    expect(await note()).toEqual(before);
    await prepare({ schema: { version: 3, compatibleFrom: 1 }, ships: second.ships });
    expect(await note()).toEqual({ format: 3, schema: 3 });
  });
});
