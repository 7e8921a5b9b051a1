import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Credentials {
  readonly tenant_id: string;
  readonly app_id: string;
  readonly api_key: string;
  readonly server_key: string;
  readonly operator_token: string;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** An object; undefined where the body is none. */
  readonly body: Json;
}

/** Carillon in processes of its own, as npm's scripts start it, on a data folder and free ports of its own. */
export interface CarillonProcess {
  readonly url: string;
  readonly dataDir: string;
  readonly demo: Credentials;
  /** Calls `carillon.{method}` with a token, JSON both ways. */
  call(method: string, request: Json, token?: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Sends SIGTERM; the exit status. `finished` sees the data folder before it goes. */
  stop(finished?: (dataDir: string) => unknown): Promise<number | null>;
}

export type Script = "gateway/single-process.ts" | "services/trial/main.ts";

/** @param prepare puts into the data folder what is to be there at the start */
export async function startCarillon(
  script: Script = "gateway/single-process.ts",
  prepare: (dataDir: string) => unknown = () => undefined,
): Promise<CarillonProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-operator-"));
  await prepare(dataDir);
  const child = spawn(process.execPath, [script], {
    cwd: new URL("../../../", import.meta.url),
    env: {
      PATH: process.env.PATH,
      CARILLON_HTTP_PORT: "0",
      CARILLON_GRPC_PORT: "0",
      CARILLON_METRICS_PORT: "0",
      CARILLON_DATA_DIR: dataDir,
      CARILLON_LOG_LEVEL: "warn",
      CARILLON_RATE_LIMIT: "0",
      CARILLON_SERVER_RATE_LIMIT: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await readyUrl(child);
  const demo = JSON.parse(await readFile(join(dataDir, "demo-app.json"), "utf8")) as Credentials;

  async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  }

  return {
    url,
    dataDir,
    demo,
    post,
    call: (method, request, token = demo.server_key) =>
      post(`/carillon.${method}`, request, { authorization: `Bearer ${token}` }),
    async stop(finished = () => undefined) {
      const ended = child.exitCode === null ? once(child, "exit") : [child.exitCode];
      child.kill("SIGTERM");
      const [status] = await ended;
      await finished(dataDir);
      await rm(dataDir, { recursive: true });
      return status;
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
  throw new Error("Carillon ended before it was ready");
}
