import { globSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import { describe, expect, it } from "vitest";
import { limitSql } from "../../services/storage/sqlite-limit.ts";
import { bareLimits } from "./sqlite-limits.ts";

const root = new URL("../../", import.meta.url);

/** What is found in a file that holds this. */
const inFile = (text: string) => bareLimits({ path: "services/storage/sqlite-programs.ts", text });

describe("a LIMIT that is bound", () => {
  it("is written by limitSql wherever services speak to SQLite, so that no query is compiled anew at each call", () => {
    const paths = globSync("services/**/sqlite*.ts", { cwd: root }).map((path) => path.replaceAll(sep, "/"));
    expect(paths).toContain("services/storage/sqlite-limit.ts");
    const found = paths.flatMap((path) => bareLimits({ path, text: readFileSync(new URL(path, root), "utf8") }));
    expect(found).toEqual([]);
  });

  it.each([
    'db.prepare("SELECT key FROM pushes LIMIT ?")',
    "db.prepare(`SELECT key FROM pushes ORDER BY key\n  LIMIT $limit`)",
    'const sql = "SELECT key FROM pushes LIMIT :limit OFFSET :offset"',
    'const sql = "select key from pushes limit (+?1)"',
  ])("is refused where its parameter stands alone: %s", (text) => {
    expect(inFile(text)).toHaveLength(1);
  });

  it.each([
    `const sql = "SELECT key FROM pushes ${limitSql("?")}"`,
    `const sql = "SELECT key FROM pushes ${limitSql("$limit")}"`,
    'const sql = "SELECT key FROM pushes LIMIT 1 OFFSET $kept"',
    "/** Never `LIMIT ?`. */ const page = limit ? limit : 100;",
  ])("is let through in: %s", (text) => {
    expect(inFile(text)).toEqual([]);
  });
});
