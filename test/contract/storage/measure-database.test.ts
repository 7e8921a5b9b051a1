import { randomUUID } from "node:crypto";
import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../services/runtime/clock.ts";
import { measureDatabase } from "../../../services/storage/measure-database.ts";
import { openMongodb } from "../../../services/storage/mongodb-database.ts";
import type { Database } from "../../../services/storage/open-database.ts";
import { closeDatabase, databaseHealthy, versionedDocuments } from "../../../services/storage/open-database.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";

const [url] = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",");
if (!url) process.stderr.write("skipped: metrics of MongoDB; set CARILLON_TEST_MONGODB_URL to have them\n");

const kind = { name: "probes", fields: {} };

async function textAfterOneDocument(opened: Database): Promise<string> {
  const registry = new Registry();
  const database = measureDatabase(opened, registry);
  const documents = await versionedDocuments<string>(database, kind, systemClock);
  await documents.page({ keyPrefix: "", limit: 1 });
  expect(await databaseHealthy(database)).toBe(true);
  const text = await registry.metrics();
  await closeDatabase(database);
  return text;
}

describe("the operations of a store are timed", () => {
  test("on SQLite by program, with the age of what waits", async () => {
    const text = await textAfterOneDocument({
      engine: "sqlite",
      sqlite: await openSqliteDatabase({ file: ":memory:" }),
    });
    expect(text).toMatch(/carillon_store_seconds_count\{operation="\w+\.\w+"\} [1-9]/);
    expect(text).toContain("carillon_store_queue_age_seconds 0\n");
  });

  test.skipIf(!url)("on MongoDB by command, with the connections in use", async () => {
    const mongodb = await openMongodb(`${url}/carillon-${randomUUID().slice(0, 8)}`, { monitorCommands: true });
    const text = await textAfterOneDocument({ engine: "mongodb", mongodb });
    expect(text).toMatch(/carillon_store_seconds_count\{operation="(find|aggregate)"\} [1-9]/);
    expect(text).toContain("carillon_store_connections_in_use 0\n");
  });
});
