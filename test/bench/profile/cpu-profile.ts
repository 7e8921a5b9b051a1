import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One function under those that called it. */
export interface Frame {
  readonly name: string;
  /** What it belongs to: a folder of this repository, a package, a part of Node, or a function of Node's in C++. */
  readonly area: string;
  /** File and line, as far as there are any. */
  readonly place: string;
  /** Samples in which it ran itself. */
  self: number;
  /** These and those of what it called. */
  total: number;
  readonly children: Frame[];
}

/** What one thread did. */
export interface ThreadProfile {
  readonly pid: number;
  /** 0 for a process's main thread. */
  readonly thread: number;
  /** Idle time left out. */
  readonly root: Frame;
  /** Share of the samples in which it was not idle. */
  readonly busy: number;
}

/** As V8 writes it (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile); times in microseconds. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Microseconds on the clock that profiles are written in: that of `process.hrtime`. */
export interface Span {
  readonly fromMicros: number;
  readonly toMicros: number;
}

/** Reads all profiles of a folder (`--cpu-prof-dir`), as far as they are of a time. */
export function readProfiles(folder: string, span: Span): ThreadProfile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  return files.map((name) => {
    const [, , , pid, thread] = name.split(".").map(Number);
    const profile = JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile;
    return { pid: pid as number, thread: thread as number, ...reduce(profile, span) };
  });
}

function reduce({ nodes, startTime, samples, timeDeltas }: CpuProfile, { fromMicros, toMicros }: Span) {
  const counts = new Map<number, number>();
  let micros = startTime;
  let sampled = 0;
  for (const [at, id] of samples.entries()) {
    micros += timeDeltas[at] ?? 0;
    if (micros < fromMicros || micros > toMicros) continue;
    sampled += 1;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  function frameOf(id: number): Frame {
    const { callFrame, children: ids = [] } = byId.get(id) as ProfileNode;
    const isIdle = callFrame.functionName === "(idle)";
    const children = ids.map(frameOf).filter(({ total }) => total > 0);
    const self = isIdle ? 0 : (counts.get(id) ?? 0);
    const total = children.reduce((sum, child) => sum + child.total, self);
    return { ...describe(callFrame), self, total, children };
  }
  const root = frameOf(nodes[0]?.id ?? 1);
  return { root, busy: sampled === 0 ? 0 : root.total / sampled };
}

function describe({ functionName, url, lineNumber }: ProfileNode["callFrame"]) {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return { name, area: name.startsWith("(") ? name : `native ${name}`, place: "" };
  return {
    name,
    area: areaOf(url),
    place: `${url.replace(/^.*\/node_modules\//, "").replace(ROOT, "")}:${lineNumber + 1}`,
  };
}

const ROOT = new URL("../../../", import.meta.url).href;

function areaOf(url: string): string {
  const named = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (named !== undefined) return `npm ${named}`;
  if (url.startsWith("node:")) return url.replace("internal/", "").split("/").slice(0, 1).join("/");
  return url.replace(ROOT, "").split("/").slice(0, -1).join("/");
}
