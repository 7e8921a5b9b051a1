import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../services/trial/free-ports.ts";

export const serviceNames = ["ingestion", "identity", "device", "tracking"] as const;
/** `carillon` is everything in one process, as `npm start` runs it. */
export type ProcessName = "carillon" | "gateway" | (typeof serviceNames)[number];
export const processNames: readonly ProcessName[] = [...serviceNames, "gateway"];

export interface TopologyOptions {
  /** The five processes unless said otherwise. */
  readonly processes?: readonly ProcessName[];
  /** Environment of every process, besides addresses and ports. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The command that starts a process, where it is not just Node: given Node's own command line. */
  readonly command?: (name: ProcessName, node: readonly string[]) => readonly string[];
}

/** The five processes, each as `npm run start:<name>` starts it, on ports of their own that they keep over restarts. */
export interface Topology {
  /** The gateway's base URL. */
  readonly url: string;
  readonly operatorToken: string;
  readonly dataDir: string;
  metricsUrl(name: ProcessName): string;
  start(name: ProcessName): void;
  /** Sends a signal and, unless the process is only to be stopped or continued, waits for its end. */
  signal(name: ProcessName, signal: NodeJS.Signals): Promise<ProcessEnd>;
  /** The process's id, for what is done to it from outside. */
  pid(name: ProcessName): number;
  /** Resolves when the gateway says that it is ready; fails when it is not within 30 s. */
  ready(): Promise<void>;
  /** The last lines that processes have written, for the report of a failure. */
  output(): string;
  /** Ends everything and removes the data. */
  close(): Promise<void>;
}

export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const scriptOf = (name: ProcessName) => {
  const path =
    name === "carillon" ? "gateway/single-process" : name === "gateway" ? "gateway/main" : `services/${name}/main`;
  return fileURLToPath(new URL(`../../${path}.ts`, import.meta.url));
};

export async function startTopology(options: TopologyOptions = {}): Promise<Topology> {
  const host = "127.0.0.1";
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-faults-"));
  const { processes = processNames } = options;
  const ports = await freePorts(host, 2 * processNames.length);
  const portOf = new Map<ProcessName, number>(processNames.map((name, i) => [name, ports[i] as number]));
  const metricsPortOf = new Map<ProcessName, number>(
    processNames.map((name, i) => [name, ports[processNames.length + i] as number]),
  );
  const operatorToken = "cot_operator-of-the-fault-suite";
  const running = new Map<ProcessName, ChildProcess>();
  const lines: string[] = [];

  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    CARILLON_OPERATOR_TOKEN: operatorToken,
    CARILLON_DATA_DIR: dataDir,
    CARILLON_RATE_LIMIT: "0",
    CARILLON_SERVER_RATE_LIMIT: "0",
    CARILLON_LOG_LEVEL: "warn",
    ...Object.fromEntries(
      serviceNames.map((name) => [`CARILLON_${name.toUpperCase()}_ADDRESS`, `${host}:${portOf.get(name)}`]),
    ),
    ...options.environment,
  };

  function start(name: ProcessName): void {
    const node = [process.execPath, scriptOf(name)];
    const [program = "", ...args] = options.command?.(name, node) ?? node;
    const child = spawn(program, args, {
      env: {
        ...environment,
        CARILLON_HTTP_PORT: `${portOf.get("gateway")}`,
        CARILLON_GRPC_PORT: `${portOf.get(name) ?? 0}`,
        CARILLON_METRICS_PORT: `${metricsPortOf.get(name) ?? metricsPortOf.get("gateway")}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        lines.push(`${name}: ${chunk.toString().trimEnd().slice(0, 2_000)}`);
        if (lines.length > 200) lines.shift();
      });
    running.set(name, child);
  }

  async function signal(name: ProcessName, sent: NodeJS.Signals): Promise<ProcessEnd> {
    const child = running.get(name);
    if (child === undefined) throw new Error(`${name} was never started`);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill(sent);
      if (sent !== "SIGSTOP" && sent !== "SIGCONT") await ended;
    }
    return { status: child.exitCode, signal: child.signalCode };
  }

  const url = `http://${host}:${portOf.get("gateway")}`;
  for (const name of processes) start(name);
  const topology: Topology = {
    url,
    operatorToken,
    dataDir,
    metricsUrl: (name) => `http://${host}:${metricsPortOf.get(name)}/metrics`,
    start,
    signal,
    pid: (name) => running.get(name)?.pid ?? Number.NaN,
    async ready() {
      for (let asked = 0; asked < 300; asked++) {
        const isReady = await fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (isReady) return;
        await sleep(100);
      }
      throw new Error(`the gateway was not ready after 30 s:\n${lines.join("\n")}`);
    },
    output: () => lines.join("\n"),
    async close() {
      await Promise.all([...running.keys()].map((name) => signal(name, "SIGKILL")));
      await rm(dataDir, { recursive: true });
    },
  };
  return topology;
}
