import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../services/trial/free-ports.ts";
import {
  type Launch,
  type ProcessEnd,
  type ProcessName,
  processNames,
  type StartedProcess,
  serviceNames,
  startProcess,
} from "./process.ts";

/** What all processes of a test are given, besides where they listen and whom they call. */
export const operatorToken = "cot_operator-of-the-fault-suite";
export const commonSettings: Readonly<Record<string, string>> = {
  CARILLON_OPERATOR_TOKEN: operatorToken,
  CARILLON_RATE_LIMIT: "0",
  CARILLON_SERVER_RATE_LIMIT: "0",
  CARILLON_LOG_LEVEL: "warn",
};

export interface TopologyOptions {
  /** The five processes unless said otherwise. */
  readonly processes?: readonly ProcessName[];
  /** Settings of every process, besides addresses and ports. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Settings of one process, given where the others listen. */
  readonly settingsOf?: (name: ProcessName, address: (of: ProcessName) => string) => Readonly<Record<string, string>>;
  /** Where SQLite files are; a folder of its own unless given, which is then left alone. */
  readonly dataDir?: string;
  readonly launch?: (name: ProcessName) => Launch;
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
  /**
   * Resolves when every process says that it is ready; fails when one is not after a minute. One that could not reach its
   * store in time and ended is started again, as a supervisor does.
   */
  ready(): Promise<void>;
  /** The last lines that processes have written, for the report of a failure. */
  output(): string;
  /** Ends everything and removes the data. */
  close(): Promise<void>;
}

export async function startTopology(options: TopologyOptions = {}): Promise<Topology> {
  const host = "127.0.0.1";
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "carillon-faults-")));
  const { processes = processNames } = options;
  const ports = await freePorts(host, 2 * processNames.length);
  const portOf = new Map<ProcessName, number>(processNames.map((name, i) => [name, ports[i] as number]));
  const metricsPortOf = new Map<ProcessName, number>(
    processNames.map((name, i) => [name, ports[processNames.length + i] as number]),
  );
  portOf.set("carillon", portOf.get("gateway") as number);
  metricsPortOf.set("carillon", metricsPortOf.get("gateway") as number);
  const addressOf = (name: ProcessName) => `${host}:${portOf.get(name)}`;
  const running = new Map<ProcessName, StartedProcess>();
  const lines: string[] = [];

  function start(name: ProcessName): void {
    const addresses = serviceNames.map((of) => [`CARILLON_${of.toUpperCase()}_ADDRESS`, addressOf(of)]);
    const settings = {
      ...commonSettings,
      CARILLON_DATA_DIR: dataDir,
      CARILLON_HTTP_PORT: `${portOf.get("gateway")}`,
      CARILLON_GRPC_PORT: name === "carillon" ? "0" : `${portOf.get(name)}`,
      CARILLON_METRICS_PORT: `${metricsPortOf.get(name)}`,
      ...Object.fromEntries(addresses),
      ...options.settings,
      ...options.settingsOf?.(name, addressOf),
    };
    const say = (text: string) => {
      lines.push(text);
      if (lines.length > 200) lines.shift();
    };
    running.set(name, startProcess({ name, settings, say, ...options.launch?.(name) }));
  }

  function signal(name: ProcessName, sent: NodeJS.Signals): Promise<ProcessEnd> {
    const started = running.get(name);
    if (started === undefined) throw new Error(`${name} was never started`);
    return started.signal(sent);
  }

  const url = `http://${addressOf("gateway")}`;
  for (const name of processes) start(name);
  return {
    url,
    operatorToken,
    dataDir,
    metricsUrl: (name) => `http://${host}:${metricsPortOf.get(name)}/metrics`,
    start,
    signal,
    async ready() {
      for (const name of running.keys()) {
        const asked = name === "gateway" || name === "carillon" ? url : `http://${host}:${metricsPortOf.get(name)}`;
        const restart = () => running.get(name)?.hasEnded() && start(name);
        if (!(await isReady(asked, restart))) throw new Error(`${name} is not ready:\n${lines.join("\n")}`);
      }
    },
    output: () => lines.join("\n"),
    async close() {
      await Promise.all([...running.keys()].map((name) => signal(name, "SIGKILL")));
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    },
  };
}

/** Whether a process says that it is ready, asked for up to a minute; `meanwhile` is called before each time. */
export async function isReady(url: string, meanwhile?: () => void): Promise<boolean> {
  for (let asked = 0; asked < 600; asked++) {
    meanwhile?.();
    const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return true;
    await sleep(100);
  }
  return false;
}
