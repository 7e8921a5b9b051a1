import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../../services/runtime/config.ts";
import { importsOf } from "../architecture/imports.ts";
import { processes } from "./edges.ts";
import { deployFolder } from "./manifests.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const entryPoints = [
  ...processes.map((name) => (name === "gateway" ? "gateway/main.ts" : `services/${name}/main.ts`)),
  "cli/main.ts",
  "deploy/smoke/main.ts",
];
/** Folders and files of the checkout that are copied into the image. */
const copied = [...read("deploy/Dockerfile").matchAll(/^COPY (?!--from)(?!package)(\S+) (\S+)$/gm)].map(
  ([, from, to]) => {
    expect(to).toBe(from);
    return from as string;
  },
);

interface ComposeService {
  readonly command?: string[];
  readonly environment?: Record<string, string | null>;
  readonly profiles?: string[];
  readonly depends_on?: Record<string, unknown>;
}

test("the image holds every file that a process runs, and every package as more than a development dependency", () => {
  const packages = Object.keys((JSON.parse(read("package.json")) as { dependencies: object }).dependencies);
  const seen = new Set<string>();
  const missing = new Set<string>();
  const waiting = [...entryPoints];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (!copied.some((folder) => path?.startsWith(`${folder}/`))) missing.add(path);
    for (const target of importsOf({ path, text: read(path) })) {
      const isFile = /\.[jt]s$/.test(target) && existsSync(new URL(target, root));
      if (isFile) waiting.push(posix.normalize(target));
      else if (
        !target.startsWith("node:") &&
        !packages.some((name) => target === name || target.startsWith(`${name}/`))
      )
        missing.add(`${path} imports ${target}`);
    }
  }
  expect([...missing]).toEqual([]);
  expect(seen.size).toBeGreaterThan(100);
});

test("the build's context has everything that is copied, and little else", () => {
  const lines = read(".dockerignore").split("\n");
  expect(lines).toContain("*");
  for (const path of [...copied, "package.json", "package-lock.json", ".npmrc"]) {
    expect(lines).toContain(`!${path}`);
    expect(existsSync(new URL(path, root)), path).toBe(true);
  }
});

test("the image runs as somebody else than root, from two stages, without development dependencies", () => {
  const dockerfile = read("deploy/Dockerfile");
  expect(dockerfile.match(/^FROM node:24-slim/gm)).toHaveLength(2);
  expect(dockerfile).toMatch(/npm ci --omit=dev/);
  expect(dockerfile).toMatch(/^USER 1000:1000$/m);
});

test("compose starts MongoDB and Redis alone, and with its profile the five processes with settings that they know", () => {
  const { services } = parse(readFileSync(`${deployFolder}compose.yaml`, "utf8"), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  const always = Object.entries(services).filter(([, { profiles }]) => profiles === undefined);
  expect(always.map(([name]) => name).sort()).toEqual(["mongodb", "redis"]);
  const carillon = Object.entries(services).filter(([, { profiles }]) => profiles?.includes("carillon"));
  expect(carillon.map(([name]) => name).sort()).toEqual([...processes].sort());
  for (const [name, { command, environment }] of carillon) {
    expect(entryPoints, name).toContain(command?.[1]);
    const given = Object.entries(environment ?? {}).map(([variable, value]) => [variable, value ?? "token"]);
    expect(() => readConfig(Object.fromEntries(given), {})).not.toThrow();
  }
  expect(services.gateway?.environment).toMatchObject({ CARILLON_OPERATOR_TOKEN: null });
});
