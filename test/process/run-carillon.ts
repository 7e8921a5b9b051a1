import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

export interface Credentials {
  readonly tenant_id: string;
  readonly app_id: string;
  readonly api_key: string;
  readonly server_key: string;
  readonly operator_token: string;
}

/** Everything in one process (`npm start`), or as five processes (`npm run start:services`). */
export type Script = "gateway/single-process.ts" | "services/trial/main.ts";

export interface RunOptions {
  readonly script?: Script;
  /** Settings besides free ports and a data folder. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Puts into the data folder what is to be there at the start. */
  readonly prepare?: (dataDir: string) => unknown;
}

/** Carillon in processes of its own, as npm's scripts start it, on free ports and a data folder of its own. */
export interface RunningCarillon {
  readonly url: string;
  /** `host:port` of gRPC; that of ingestion where the services are processes of their own. */
  readonly grpcAddress: string;
  readonly dataDir: string;
  readonly demo: Credentials;
  /** Sends SIGTERM; the exit status. `finished` sees the data folder before it goes. */
  stop(finished?: (dataDir: string) => unknown): Promise<number | null>;
}

/** Resolves when it is ready. */
export async function runCarillon({ script, settings, prepare }: RunOptions = {}): Promise<RunningCarillon> {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-test-"));
  await prepare?.(dataDir);
  const child = spawn(process.execPath, [script ?? "gateway/single-process.ts"], {
    cwd: new URL("../../", import.meta.url),
    env: {
      PATH: process.env.PATH,
      CARILLON_HTTP_PORT: "0",
      CARILLON_GRPC_PORT: "0",
      CARILLON_METRICS_PORT: "0",
      CARILLON_DATA_DIR: dataDir,
      CARILLON_LOG_LEVEL: "warn",
      ...settings,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });

  async function stop(finished?: (dataDir: string) => unknown): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
    await finished?.(dataDir);
    await rm(dataDir, { recursive: true });
    return child.exitCode;
  }

  for await (const line of createInterface({ input: child.stdout })) {
    const [, url, grpcAddress] = /^Carillon is ready: (\S+) \(gRPC ([^,]+),/.exec(line) ?? [];
    if (url === undefined || grpcAddress === undefined) continue;
    // Whatever else it prints must not fill the pipe.
    child.stdout.resume();
    const demo = JSON.parse(await readFile(join(dataDir, "demo-app.json"), "utf8")) as Credentials;
    return { url, grpcAddress, dataDir, demo, stop };
  }
  await stop();
  throw new Error("Carillon ended before it was ready");
}
