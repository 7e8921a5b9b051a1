import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../services/trial/main.ts", import.meta.url));

/** The gateway and the four services as processes of their own, on an empty data folder or database. */
export interface Processes {
  readonly url: string;
  readonly operatorToken: string;
  stop(): Promise<void>;
}

/** @param mongodbUrl an empty database, `mongodb://…/name`; SQLite without one */
export async function startProcesses(mongodbUrl?: string): Promise<Processes> {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-model-"));
  const child = spawn(process.execPath, [script], {
    env: {
      PATH: process.env.PATH,
      CARILLON_HTTP_PORT: "0",
      CARILLON_GRPC_PORT: "0",
      CARILLON_METRICS_PORT: "0",
      CARILLON_DATA_DIR: dataDir,
      CARILLON_LOG_LEVEL: "error",
      CARILLON_RATE_LIMIT: "0",
      CARILLON_SERVER_RATE_LIMIT: "0",
      ...(mongodbUrl !== undefined && { CARILLON_DATABASE_URL: mongodbUrl }),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await readyUrl(child);
  const credentials = JSON.parse(await readFile(join(dataDir, "demo-app.json"), "utf8")) as {
    readonly operator_token: string;
  };
  return {
    url,
    operatorToken: credentials.operator_token,
    async stop() {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.kill("SIGTERM");
      await ended;
      await rm(dataDir, { recursive: true });
    },
  };
}

async function readyUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^Carillon is ready: (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    // Whatever else it prints must not fill the pipe.
    child.stdout!.resume();
    return url;
  }
  throw new Error("the processes ended before they were ready");
}
