import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byArea } from "../profile/by-area.ts";
import { readProfiles, type Span, type ThreadProfile } from "../profile/cpu-profile.ts";
import { flameGraph } from "../profile/flame-graph.ts";
import type { Bench, SectionResult } from "../results.ts";
import { commandsOf } from "../systems/process-use.ts";
import { fiveProcesses, oneProcess, type SystemKind, startSystem } from "../systems/system.ts";
import { fullLoad } from "./measure.ts";

/** Areas that are shown of each thread. */
const SHOWN = 14;
/** Threads that did next to nothing are left out. */
const LEAST_BUSY = 0.01;

/** Where the time goes: a flame graph of each thread under full load, warmed up, and its areas as a table. */
export async function profile(bench: Bench): Promise<SectionResult> {
  const matrix = [["thread", "busy", "area", "itself", "with what it calls"]];
  mkdirSync(bench.options.profiles, { recursive: true });
  for (const kind of [oneProcess, fiveProcesses]) {
    for (const { thread, name } of await profilesOf(kind, bench)) {
      const file = join(bench.options.profiles, `${name.replaceAll(/[^a-z0-9]+/g, "-")}.svg`);
      writeFileSync(file, flameGraph(`${name}, busy ${percent(thread.busy)}`, thread.root));
      bench.say(`${name}: ${file}`);
      const areas = byArea(thread.root).toSorted((a, b) => b.self - a.self);
      for (const [at, { area, self, inclusive }] of areas.slice(0, SHOWN).entries()) {
        const first = at === 0 ? [name, percent(thread.busy)] : ["", ""];
        matrix.push([...first, area, percent(self), percent(inclusive)]);
      }
    }
  }
  return { measured: {}, rows: [], matrix };
}

async function profilesOf(kind: SystemKind, bench: Bench): Promise<{ thread: ThreadProfile; name: string }[]> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-bench-profile-"));
  // Through the environment, so that the processes that it starts have it too.
  const system = await startSystem(kind, { environment: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` } });
  const commands = commandsOf(system.pid);
  const fromMicros = nowMicros() + bench.options.warmUpSeconds * 1e6;
  const span: Span = { fromMicros, toMicros: fromMicros + bench.options.seconds * 1e6 };
  await fullLoad(bench, system);
  await system.stop();
  await system.remove();
  const threads = readProfiles(folder, span).filter(({ busy }) => busy > LEAST_BUSY);
  rmSync(folder, { recursive: true });
  return threads
    .map((thread) => ({ thread, name: nameOf(kind, { command: commands.get(thread.pid) ?? "", thread }) }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Such as "five processes device": the process that `services/device/main.ts` is; its further threads have numbers. */
function nameOf({ name }: SystemKind, { command, thread }: { command: string; thread: ThreadProfile }): string {
  const area = /([a-z-]+)\/main\.ts/.exec(command)?.[1];
  return [name, area, thread.thread === 0 ? undefined : `thread ${thread.thread}`]
    .filter((part) => part !== undefined)
    .join(" ");
}

function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
