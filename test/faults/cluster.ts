import { renameSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Balancer, startBalancer } from "./balancer.ts";
import {
  type Launch,
  type ProcessEnd,
  processNames,
  type StartedProcess,
  serviceNames,
  startProcess,
} from "./process.ts";
import { commonSettings, isReady, operatorToken } from "./topology.ts";

type Name = (typeof processNames)[number];

/**
 * Milliseconds: what passes between taking a pod out of service discovery and its SIGTERM (`preStop` in deploy/), and
 * before the next one of the same Deployment is replaced (`minReadySeconds`). Shorter than in a cluster, whose names are
 * also remembered by resolvers.
 */
const PRE_STOP_MS = 1_000;
const MIN_READY_MS = 1_500;

interface Replica {
  readonly started: StartedProcess;
  readonly address: string;
}

/** Several replicas of every process, each at an address of its own, that find each other by name, as in Kubernetes. */
export interface Cluster {
  /** The load balancer in front of the gateways. */
  readonly url: string;
  readonly operatorToken: string;
  ready(): Promise<void>;
  /**
   * Replaces the replicas of a process one after the other: a new one first, then SIGTERM. How the old ones ended. `launch`
   * has what the new ones start with instead of what the first ones did.
   */
  roll(name: Name, launch?: Pick<Launch, "root">): Promise<ProcessEnd[]>;
  /** How many calls the replicas of a service have answered each. */
  callsAnswered(name: Name): Promise<number[]>;
  output(): string;
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly replicas: number;
  /** What the first replicas start with. */
  readonly launch?: Pick<Launch, "root">;
  readonly settings: Readonly<Record<string, string>>;
  /** Ports that are free at every loopback address. */
  readonly ports: { readonly http: number; readonly grpc: number; readonly metrics: number };
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { replicas, settings, ports, launch: first = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), "carillon-cluster-"));
  const names = join(folder, "names.json");
  const running = new Map<Name, Replica[]>(processNames.map((name) => [name, []]));
  const lines: string[] = [];
  const balancer: Balancer = await startBalancer();
  let lastAddress = 1;

  const addressesOf = (name: Name) => (running.get(name) ?? []).map(({ address }) => address);

  /** Lets everybody know who is there now. */
  function publish(): void {
    const known = Object.fromEntries(serviceNames.map((name) => [`${name}.test`, addressesOf(name)]));
    writeFileSync(`${names}.new`, JSON.stringify(known));
    renameSync(`${names}.new`, names);
    balancer.setBackends(addressesOf("gateway").map((address) => `http://${address}:${ports.http}`));
  }

  async function add(name: Name, launch = first): Promise<void> {
    lastAddress += 1;
    const address = `127.0.0.${lastAddress}`;
    const others = serviceNames.map((of) => [
      `CARILLON_${of.toUpperCase()}_ADDRESS`,
      `dns:///${of}.test:${ports.grpc}`,
    ]);
    const started = startProcess({
      name,
      settings: {
        ...commonSettings,
        ...settings,
        CARILLON_HOST: address,
        CARILLON_HTTP_PORT: `${ports.http}`,
        CARILLON_GRPC_PORT: `${ports.grpc}`,
        CARILLON_METRICS_PORT: `${ports.metrics}`,
        ...Object.fromEntries(others),
      },
      ...launch,
      environment: { CLUSTER_DNS: names },
      nodeOptions: ["--import", fileURLToPath(new URL("cluster-dns.ts", import.meta.url))],
      say(text) {
        lines.push(`${address} ${text}`);
        if (lines.length > 200) lines.shift();
      },
    });
    running.get(name)?.push({ started, address });
    await untilReady(name, address);
    publish();
  }

  async function untilReady(name: Name, address: string): Promise<void> {
    const port = name === "gateway" ? ports.http : ports.metrics;
    if (!(await isReady(`http://${address}:${port}`))) throw new Error(`${name} was not ready:\n${lines.join("\n")}`);
  }

  publish();
  // Services are ready without each other, so that they can start in any order; gateways are not.
  try {
    for (const name of processNames) await Promise.all(Array.from({ length: replicas }, () => add(name)));
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    balancer.close();
    await Promise.all([...running.values()].flat().map(({ started }) => started.signal("SIGKILL")));
    await rm(folder, { recursive: true });
  }

  return {
    url: balancer.url,
    operatorToken,
    ready: async () => undefined,
    async roll(name, launch) {
      const ends: ProcessEnd[] = [];
      for (const old of [...(running.get(name) ?? [])]) {
        await add(name, launch);
        await sleep(MIN_READY_MS);
        running.set(
          name,
          (running.get(name) ?? []).filter((replica) => replica !== old),
        );
        publish();
        await sleep(PRE_STOP_MS);
        ends.push(await old.started.signal("SIGTERM"));
      }
      return ends;
    },
    async callsAnswered(name) {
      return Promise.all(
        addressesOf(name).map(async (address) => {
          const text = await (await fetch(`http://${address}:${ports.metrics}/metrics`)).text();
          const counts = [...text.matchAll(/^carillon_rpc_calls_total\{.*\} (\d+)$/gm)];
          return counts.reduce((sum, [, count]) => sum + Number(count), 0);
        }),
      );
    },
    output: () => lines.join("\n"),
    close,
  };
}
