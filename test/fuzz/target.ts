import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Credentials } from "./input.ts";

/** Bytes after a collection. */
export interface Memory {
  /** Of JavaScript and what it holds outside of its heap. */
  readonly heapUsed: number;
  readonly rss: number;
}

/** Carillon in a process of its own, as `npm start` runs it. */
export interface Target {
  readonly port: number;
  readonly credentials: Credentials;
  /** Why it has ended; undefined as long as it lives. */
  ended(): string | undefined;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

const probe = new URL("./memory-probe.ts", import.meta.url).href;

/** Starts it on an empty data folder and free ports. Addresses are counted as `X-Forwarded-For` has them. */
export async function startTarget(): Promise<Target> {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-fuzz-"));
  const child = fork("gateway/single-process.ts", {
    cwd: new URL("../../", import.meta.url),
    execArgv: ["--max-semi-space-size=8", "--heap-growing-percent=30", "--expose-gc", "--import", probe],
    env: {
      PATH: process.env.PATH,
      CARILLON_HTTP_PORT: "0",
      CARILLON_GRPC_PORT: "0",
      CARILLON_METRICS_PORT: "0",
      CARILLON_DATA_DIR: dataDir,
      CARILLON_LOG_LEVEL: "fatal",
      CARILLON_TRUSTED_PROXIES: "127.0.0.0/8",
      CARILLON_SERVER_RATE_LIMIT: "0",
    },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const lastLines: string[] = [];
  const ready = Promise.withResolvers<number>();
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const port = /^Carillon is ready: http:\/\/[^ ]+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) ready.resolve(Number(port));
    lastLines.push(line);
    if (lastLines.length > 5) lastLines.shift();
  });
  child.once("exit", () => ready.reject(new Error("Carillon ended before it was ready")));
  const port = await ready.promise;
  const credentials = JSON.parse(await readFile(join(dataDir, "demo-app.json"), "utf8")) as Credentials;
  return {
    port,
    credentials,
    ended() {
      if (child.exitCode === null && child.signalCode === null) return undefined;
      return `the process ended with ${child.exitCode ?? child.signalCode}: ${lastLines.join("\n")}`;
    },
    async memory() {
      child.send("memory");
      const [memory] = await once(child, "message");
      return memory as Memory;
    },
    async stop() {
      const exit = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.kill("SIGTERM");
      await exit;
      await rm(dataDir, { recursive: true });
    },
  };
}
