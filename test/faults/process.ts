import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const serviceNames = ["ingestion", "identity", "device", "tracking"] as const;
/** `carillon` is everything in one process, as `npm start` runs it. */
export type ProcessName = "carillon" | "gateway" | (typeof serviceNames)[number];
export const processNames = [...serviceNames, "gateway"] as const;

/** How processes are started, where that is not just by Node. */
export interface Launch {
  /** Environment besides settings, e.g. what is preloaded. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The checkout whose processes they are; this one unless given. */
  readonly root?: string;
  /** Options of Node. */
  readonly nodeOptions?: readonly string[];
}

export interface ProcessOptions extends Launch {
  readonly name: ProcessName;
  readonly settings: Readonly<Record<string, string>>;
  /** Told what the process writes. */
  readonly say: (text: string) => void;
}

export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the product, as `npm run start:<name>` starts it. */
export interface StartedProcess {
  hasEnded(): boolean;
  /** Sends a signal and, unless the process is only to be stopped or continued, waits for its end. */
  signal(signal: NodeJS.Signals): Promise<ProcessEnd>;
}

const here = fileURLToPath(new URL("../..", import.meta.url));
const endWithParent = new URL("../../services/trial/end-with-parent.ts", import.meta.url).href;
const scriptOf = (name: ProcessName, root: string) => {
  const path =
    name === "carillon" ? "gateway/single-process" : name === "gateway" ? "gateway/main" : `services/${name}/main`;
  return join(root, `${path}.ts`);
};

export function startProcess(options: ProcessOptions): StartedProcess {
  const { name, settings, environment, root = here, nodeOptions = [], say } = options;
  const child = spawn(process.execPath, ["--import", endWithParent, ...nodeOptions, scriptOf(name, root)], {
    env: { PATH: process.env.PATH ?? "", ...environment, ...settings },
    // Where a test ends without its end, e.g. in a hook that takes too long, nothing that it started goes on.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => say(`${name}: ${chunk.toString().trimEnd().slice(0, 2_000)}`));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    hasEnded,
    async signal(sent) {
      if (!hasEnded()) {
        const ended = once(child, "exit");
        child.kill(sent);
        if (sent !== "SIGSTOP" && sent !== "SIGCONT") await ended;
      }
      return { status: child.exitCode, signal: child.signalCode };
    },
  };
}
