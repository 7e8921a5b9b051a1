import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@connectrpc/connect";
import { afterEach, expect, test } from "vitest";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { VerificationService } from "../../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { currentSchema } from "../../../services/storage/store-schema.ts";
import { operatorTransport } from "../../faults/state.ts";
import { type RunningCarillon, runCarillon } from "../../process/run-carillon.ts";

/** The app of the older data. */
const app = { tenantId: "demo", appId: "app_ypdhm7gu43lbtby4pn6s" };

/** The tables and indexes of this version's schema. */
const currentShape = `schema-${currentSchema.version}.txt`;

let carillon: RunningCarillon | undefined;
afterEach(async () => {
  await carillon?.stop();
  carillon = undefined;
});

const databaseIn = (folder: string) => new DatabaseSync(join(folder, "carillon.sqlite"));

function olderData(folder: string): void {
  const database = databaseIn(folder);
  database.exec(readFileSync(new URL("schema-1.sql", import.meta.url), "utf8"));
  database.close();
}

/** What the stopped process has left: what is read from its database. */
async function left<T>(read: (database: DatabaseSync) => T): Promise<T> {
  let found: T | undefined;
  await carillon?.stop((folder) => {
    const database = databaseIn(folder);
    found = read(database);
    database.close();
  });
  carillon = undefined;
  return found as T;
}

/** Tables with their columns, and indexes with what they are over, in an order that does not depend on when they came. */
function shapeOf(database: DatabaseSync): string {
  const lines = database
    .prepare(
      "SELECT type, name, tbl_name AS tableName, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name",
    )
    .all()
    .flatMap(({ type, name, tableName, sql }) => {
      if (type === "index")
        return [
          `index ${name} ${String(sql)
            .replace(/^.*? ON /s, "ON ")
            .replaceAll(/\s+/g, " ")}`,
        ];
      const columns = database
        .prepare("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY name")
        .all(`${tableName}`);
      return [`table ${name}`, ...columns.map((column) => `  ${column.name} ${column.type} ${column.pk}`.trimEnd())];
    });
  return `${lines.join("\n")}\n`;
}

test("a data folder of schema 1 opens, has no differences, and becomes what a new one is", async () => {
  carillon = await runCarillon({ prepare: olderData });
  const operator = { url: carillon.url, operatorToken: carillon.demo.operator_token };
  const verification = createClient(VerificationService, operatorTransport(operator));
  const found = [];
  for await (const { message } of verification.verifyApp({ ...app }))
    if (message.case !== undefined) found.push(message);
  expect(found).toMatchObject([{ case: "summary", value: { differences: 0, pending: 0 } }]);
  const { events } = await createClient(EventService, operatorTransport(operator)).listEvents(app);
  expect(events).toHaveLength(5);

  const { shape, note, retention } = await left((database) => ({
    shape: shapeOf(database),
    note: database.prepare("SELECT value FROM store_formats WHERE key = 'ingestion'").get()?.value,
    retention: database.prepare("SELECT value, field_isUncounted AS isUncounted FROM retentions").get(),
  }));
  expect(JSON.parse(String(note))).toEqual({ format: 1, schema: currentSchema.version });
  const { causes } = JSON.parse(String(retention?.value));
  expect(retention?.isUncounted).toBe(causes.length > 0 ? 1 : null);
  await expect(shape).toMatchFileSnapshot(currentShape);
});

test("the tables are those of this version's schema: where they change, its number has to rise", async () => {
  carillon = await runCarillon();
  const shape = await left(shapeOf);
  await expect(shape).toMatchFileSnapshot(currentShape);
});
