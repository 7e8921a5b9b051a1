import { readdirSync, readFileSync } from "node:fs";

/** What a process and those that it started use (Linux: /proc; elsewhere all zero). */
export interface ProcessUse {
  /** Seconds of processor since they started. */
  readonly cpuSeconds: number;
  /** Resident memory in bytes: now, and at its highest. */
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** Clock ticks of /proc/…/stat in a second: fixed on Linux for user space. */
const TICKS = 100;

export function processUse(pid: number): ProcessUse {
  const uses = family(pid).map(useOf);
  const sum = (pick: (use: ProcessUse) => number) => uses.reduce((total, use) => total + pick(use), 0);
  return {
    cpuSeconds: sum((use) => use.cpuSeconds),
    rssBytes: sum((use) => use.rssBytes),
    peakRssBytes: sum((use) => use.peakRssBytes),
  };
}

/** The command lines of a process and of those that it started, by process. */
export function commandsOf(pid: number): ReadonlyMap<number, string> {
  return new Map(family(pid).map((each) => [each, read(() => readFileSync(`/proc/${each}/cmdline`, "utf8"), "")]));
}

function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)];
}

function childrenOf(pid: number): number[] {
  const tasks = read(() => readdirSync(`/proc/${pid}/task`), []);
  const texts = tasks.map((task) => read(() => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"), ""));
  return texts.flatMap((text) => text.split(" ").filter(Boolean).map(Number));
}

function useOf(pid: number): ProcessUse {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"), "");
  // The name in parentheses may hold spaces; user and system time are the 12th and 13th fields after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = read(() => readFileSync(`/proc/${pid}/status`, "utf8"), "");
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1_024;
  return {
    cpuSeconds: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS,
    rssBytes: bytes("VmRSS"),
    peakRssBytes: bytes("VmHWM"),
  };
}

/** A process may end between two looks at it. */
function read<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
