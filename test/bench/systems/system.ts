import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { App } from "../load/events.ts";
import { countStored } from "./count-stored.ts";
import { freePort } from "./free-port.ts";
import { processUse } from "./process-use.ts";
import type { Target } from "./target.ts";

/** What is measured: how it is started. */
export interface SystemKind {
  readonly name: string;
  /** Below the top folder. */
  readonly script: string;
  /** Node's options, those of the npm script. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The least that durable events can cost here: see ceiling-server.ts. */
export const ceiling: SystemKind = { name: "ceiling", script: "test/bench/systems/ceiling-server.ts" };
/** The same with all the rows that an event needs. */
export const ceilingOfRows: SystemKind = {
  ...ceiling,
  name: "ceiling, all rows",
  environment: { CARILLON_BENCH_ROWS: "all" },
};
/** `npm start`. */
export const oneProcess: SystemKind = {
  name: "one process",
  script: "gateway/single-process.ts",
  nodeOptions: ["--max-semi-space-size=8", "--heap-growing-percent=30"],
};
/** `npm run start:services`. */
export const fiveProcesses: SystemKind = { name: "five processes", script: "services/trial/main.ts" };

export interface SystemOptions {
  /** An existing data folder; otherwise an empty one that goes when the system stops. */
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  /** Variables beside those that say where it listens and stores. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Carillon, or the ceiling: on a data folder. */
export interface System extends Target {
  readonly pid: number;
  readonly app: App;
  readonly appId: string;
  readonly dataDir: string;
  /** The secret key of the app, for the operator API. */
  readonly serverKey: string;
  /** Milliseconds from starting the process to the first `/readyz` that says yes. */
  readonly startMs: number;
  /** Ends it by SIGTERM. */
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const READY_WITHIN_MS = 60_000;

/** Starts a system on free ports, without a rate limit, its log going to a file, and waits until it is ready. */
export async function startSystem(kind: SystemKind, options: SystemOptions = {}): Promise<System> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "carillon-bench-")));
  const storedBefore = countStored(dataDir);
  const port = await freePort();
  const log = openSync(join(dataDir, "log"), "a");
  const since = performance.now();
  const child = spawn(process.execPath, [...(kind.nodeOptions ?? []), join(ROOT, kind.script)], {
    cwd: ROOT,
    stdio: ["ignore", log, "inherit"],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/compiled"),
      CARILLON_HTTP_PORT: String(port),
      CARILLON_GRPC_PORT: "0",
      CARILLON_METRICS_PORT: "0",
      CARILLON_DATA_DIR: dataDir,
      CARILLON_RATE_LIMIT: "0",
      ...kind.environment,
      ...options.environment,
      ...(options.databaseUrl !== undefined && { CARILLON_DATABASE_URL: options.databaseUrl }),
    },
  });
  closeSync(log);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`${kind.name} ended before it was ready; see ${dataDir}/log`);
    if (performance.now() - since > READY_WITHIN_MS) throw new Error(`${kind.name} was not ready in time`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const startMs = performance.now() - since;
  async function stop(): Promise<void> {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    process.off("exit", kill);
    if (child.exitCode !== 0) throw new Error(`${kind.name} ended with status ${child.exitCode}: ${tail(dataDir)}`);
  }
  const credentials = JSON.parse(await readFile(join(dataDir, "demo-app.json"), "utf8")) as Record<string, string>;
  const app = { tenantId: credentials.tenant_id ?? "", apiKey: credentials.api_key ?? "" };
  return {
    pid: child.pid as number,
    port,
    request: { path: "/events", app },
    app,
    appId: credentials.app_id ?? "",
    serverKey: credentials.server_key ?? "",
    dataDir,
    startMs,
    use: () => processUse(child.pid as number),
    stop,
    async stopAndCount() {
      await stop();
      return countStored(dataDir) - storedBefore;
    },
    async remove() {
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    },
  };
}

function tail(dataDir: string): string {
  return readFileSync(join(dataDir, "log"), "utf8").slice(-500);
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
