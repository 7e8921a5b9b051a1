import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

// Builds the Web SDK into the folder that is named: `npm run build:sdk`, and `npm run check:sdk` to compare.

/** Syntax that browsers since 2020 read. */
const TARGET = "es2020";
const BUNDLES = [
  { entry: "src/script.ts", fileName: "web.js", format: "iife" },
  { entry: "src/web.ts", fileName: "web.mjs", format: "es" },
  { entry: "service-worker/script.ts", fileName: "web-service-worker.js", format: "iife" },
  { entry: "service-worker/notification-clicks.ts", fileName: "web-service-worker.mjs", format: "es" },
] as const;
/** Declarations that the modules' users need. */
const DECLARATIONS = [
  ["src/api.d.ts", "api.d.ts"],
  ["src/web.d.ts", "web.d.ts"],
  ["service-worker/notification-clicks.d.ts", "web-service-worker.d.ts"],
] as const;

const source = fileURLToPath(new URL("web/", import.meta.url));
const [outDir] = process.argv.slice(2);
if (outDir === undefined) throw new Error("name the folder to build into");
rmSync(outDir, { recursive: true, force: true });

for (const { entry, fileName, format } of BUNDLES) {
  await build({
    configFile: false,
    logLevel: "warn",
    root: source,
    build: {
      outDir: `${process.cwd()}/${outDir}`,
      emptyOutDir: false,
      target: TARGET,
      minify: "oxc",
      lib: { entry, fileName: () => fileName, formats: [format], name: "carillon" },
    },
  });
}

const declared = mkdtempSync(join(tmpdir(), "carillon-sdk-"));
try {
  const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", declared];
  execFileSync("tsc", ["-p", source, ...options], { stdio: "inherit" });
  for (const [from, to] of DECLARATIONS) {
    const text = readFileSync(join(declared, from), "utf8");
    // The sources' own `.ts` paths mean nothing where there are only declarations.
    writeFileSync(join(outDir, to), text.replaceAll(/"(\.\/[^"]+)\.ts"/g, '"$1.js"'));
  }
} finally {
  rmSync(declared, { recursive: true });
}
