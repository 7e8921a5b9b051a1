import { spawn, spawnSync } from "node:child_process";
import { freePorts } from "../../services/trial/free-ports.ts";
import { connects } from "./connects.ts";

const host = "127.0.0.1";

/** Whether it is on PATH. */
export const toxiproxyFound = spawnSync("toxiproxy-server", ["-version"]).status === 0;

/** TCP connections that can be cut and slowed (https://github.com/Shopify/toxiproxy, HTTP API). */
export interface Toxiproxy {
  /** Lets connections to `upstream` (`host:port`) go through the proxy, from `address` or a free port; answers its address. */
  connect(name: string, upstream: string, address?: string): Promise<string>;
  /** Ends the connections of a name and refuses new ones, or accepts them again. */
  cut(name: string): Promise<void>;
  mend(name: string): Promise<void>;
  /** What comes back from the upstream is late, until it is not slow any more. */
  slow(name: string, by: { readonly latency: number; readonly jitter: number }): Promise<void>;
  fast(name: string): Promise<void>;
  /** Nothing moves on any connection, and none breaks. */
  pause(): void;
  resume(): void;
  close(): void;
}

export async function startToxiproxy(): Promise<Toxiproxy> {
  const [port = 0] = await freePorts(host, 1);
  const child = spawn("toxiproxy-server", ["-host", host, "-port", `${port}`], { stdio: "ignore" });
  await connects(port);

  async function ask(method: string, path: string, body?: object): Promise<void> {
    const answer = await fetch(`http://${host}:${port}${path}`, {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`toxiproxy: ${path} answered ${answer.status}: ${await answer.text()}`);
  }

  return {
    async connect(name, upstream, address) {
      const listen = address ?? `${host}:${(await freePorts(host, 1))[0]}`;
      await ask("POST", "/proxies", { name, listen, upstream, enabled: true });
      return listen;
    },
    cut: (name) => ask("POST", `/proxies/${name}`, { enabled: false }),
    mend: (name) => ask("POST", `/proxies/${name}`, { enabled: true }),
    slow: (name, attributes) =>
      ask("POST", `/proxies/${name}/toxics`, { name: "slow", type: "latency", stream: "downstream", attributes }),
    fast: (name) => ask("DELETE", `/proxies/${name}/toxics/slow`),
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    close: () => child.kill("SIGKILL"),
  };
}
