import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { eventQueries, listShape, rangeSql } from "../../../services/ingestion/sqlite-queries.ts";
import { createEventTables } from "../../../services/ingestion/sqlite-schema.ts";

const db = new DatabaseSync(":memory:");
createEventTables(db);
afterAll(() => db.close());

function plan(sql: string): string[] {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => String(detail));
}

const filters = ["deviceKey", "appUserId", "eventName"] as const;
const listShapes = Array.from({ length: 2 ** filters.length }, (_, bits) => {
  const given = filters.filter((_, bit) => (bits & (1 << bit)) !== 0);
  return [given.join(" and ") || "no filter", listShape(Object.fromEntries(given.map((name) => [name, "x"])))] as const;
});

describe("SQLite", () => {
  test.each([...Object.entries(eventQueries)])("%s neither scans nor sorts", (name, sql) => {
    for (const step of plan(sql)) {
      // The count is meant to read every entry of its name; min() reads the first entry of an index that only has pending events.
      expect(step, name).not.toMatch(/SCAN (?!events_pending)|TEMP B-TREE/);
    }
  });

  test.each(listShapes)("a list with %s reads a range of an index, in order", (_name, shape) => {
    const [first, ...others] = plan(rangeSql(shape));
    expect(first).toMatch(
      /^SEARCH events USING (COVERING )?INDEX events_by_\w+ \(app=\?.*\(effective_ms,fingerprint\)[<>]\(\?,\?\)/,
    );
    for (const step of others) expect(step).not.toMatch(/SCAN|TEMP B-TREE/);
  });

  test.each(["ASC", "DESC"] as const)(
    "ranges of a device and of a user are read from an index alone, %s",
    (direction) => {
      for (const source of ["device", "user"] as const) {
        const steps = plan(rangeSql({ source, direction, remaining: [] }));
        expect(steps[0]).toContain(`SEARCH events USING COVERING INDEX events_by_${source} (`);
        expect(steps.join()).not.toMatch(/SCAN|TEMP B-TREE/);
      }
    },
  );
});
