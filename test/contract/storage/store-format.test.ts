import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock as clock } from "../../../services/runtime/clock.ts";
import { closeDatabase, type Database, versionedDocuments } from "../../../services/storage/open-database.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { checkStoreFormat, storeFormatKind } from "../../../services/storage/store-format.ts";
import { freshMongodb, mongodbEngines } from "./engines.ts";

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

describe.each(engines)("the format of what is stored on $name", ({ open }) => {
  let database: Database;
  const formats = () => versionedDocuments(database, storeFormatKind, clock);

  beforeEach(async () => {
    database = await open();
  });
  afterEach(async () => {
    if (database.engine === "mongodb") await database.mongodb.db.dropDatabase();
    await closeDatabase(database);
  });

  test("is noted for each service at its first start, and lets every later one pass", async () => {
    for (const service of ["ingestion", "device", "ingestion"]) await checkStoreFormat(await formats(), service);
    const noted = await (await formats()).load(["ingestion", "device"]);
    expect([...noted.values()].map(({ value }) => value)).toEqual([{ format: 1 }, { format: 1 }]);
  });

  test("is refused with one line where a later version wrote it, and stays as it is", async () => {
    await (await formats()).save([{ key: "tracking", expectedVersion: 0, value: { format: 2 } }]);
    await expect(checkStoreFormat(await formats(), "tracking")).rejects.toThrow(
      "the data of tracking has format 2 and this version of Carillon works with 1; start the version that wrote it",
    );
    expect((await (await formats()).load(["tracking"])).get("tracking")?.value).toEqual({ format: 2 });
  });
});
