import { globSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import { describe, expect, it } from "vitest";
import { breaches, importRules } from "./import-rules.ts";
import { importsOf, loadedBy } from "./imports.ts";

const root = new URL("../../", import.meta.url);

describe("import rules", () => {
  it("hold in every source file", () => {
    const paths = globSync("{services,gateway,cli,sdk,test}/**/*.ts", { cwd: root }).map((path) =>
      path.replaceAll(sep, "/"),
    );
    expect(paths.length).toBeGreaterThan(0);
    const found = paths.flatMap((path) => breaches({ path, text: readFileSync(new URL(path, root), "utf8") }));
    expect(found).toEqual([]);
  });

  it.each(importRules)("refuse a file that breaks: $name", (rule) => {
    expect(breaches(rule.wrong, [rule])).toHaveLength(1);
  });

  it("let the files that put everything together import services and stores", () => {
    const text =
      'import { createIngestion } from "../services/ingestion/service.ts"; import "../services/storage/sqlite-database.ts";';
    expect(breaches({ path: "gateway/single-process.ts", text })).toEqual([]);
    expect(breaches({ path: "services/trial/main.ts", text: text.replaceAll("../services/", "../") })).toEqual([]);
  });

  it("let a store's adapters do I/O and everything use generated code", () => {
    const sqlite = 'import { DatabaseSync } from "node:sqlite";';
    expect(breaches({ path: "services/device/sqlite-store.ts", text: sqlite })).toEqual([]);
    const generated = 'import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";';
    expect(breaches({ path: "services/ingestion/context.ts", text: generated })).toEqual([]);
    expect(breaches({ path: "cli/client.ts", text: generated.replace("../../", "../") })).toEqual([]);
  });

  it("let the driver be named for its types, loaded where a database is opened, and imported by what stands on it", () => {
    const text =
      'import type { MongoClient } from "mongodb"; const { openMongodb } = await import("./mongodb-database.ts");';
    expect(breaches({ path: "services/storage/open-database.ts", text })).toEqual([]);
    const store = 'import { MongoClient } from "mongodb"; import { onMongodb } from "../storage/mongodb-errors.ts";';
    expect(breaches({ path: "services/ingestion/mongodb-store.ts", text: store })).toEqual([]);
  });
});

describe("importsOf", () => {
  it.each([
    ['import "./x.ts"', "a/x.ts"],
    ['import type { X } from "../x.ts"', "x.ts"],
    ['export * from "./b/x.ts"', "a/b/x.ts"],
    ['export { x } from "pkg"', "pkg"],
    ['await import("pkg/sub")', "pkg/sub"],
    ['type X = import("./x.ts").X', "a/x.ts"],
    ['new Worker(new URL("./x.ts", import.meta.url))', "a/x.ts"],
  ])("sees %s", (text, target) => {
    expect(importsOf({ path: "a/file.ts", text })).toEqual([target]);
  });

  it("refuses a file that it cannot parse instead of finding nothing in it", () => {
    expect(() => importsOf({ path: "a/file.ts", text: "import {" })).toThrow("a/file.ts");
  });
});

describe("loadedBy", () => {
  it.each([
    ['import "./x.ts"', "a/x.ts"],
    ['import x, { type X } from "../x.ts"', "x.ts"],
    ['import { type X } from "pkg"', "pkg"],
    ['export * from "./b/x.ts"', "a/b/x.ts"],
    ['export { x } from "pkg/sub"', "pkg/sub"],
  ])("sees %s", (text, target) => {
    expect(loadedBy({ path: "a/file.ts", text })).toEqual([target]);
  });

  it.each([
    'import type { X } from "../x.ts"',
    'export type { X } from "pkg"',
    'export type * from "pkg"',
    'await import("pkg/sub")',
    'type X = import("./x.ts").X',
    'new Worker(new URL("./x.ts", import.meta.url))',
    "export const x = 1",
  ])("leaves out %s", (text) => {
    expect(loadedBy({ path: "a/file.ts", text })).toEqual([]);
  });
});
