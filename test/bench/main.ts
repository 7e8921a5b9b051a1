import process from "node:process";
import { startLoadGenerator } from "./load/load-generator.ts";
import { help, readOptions, type SectionName } from "./options.ts";
import { type Bench, machineLine, type SectionResult, tables, writeResults } from "./results.ts";
import { attribution } from "./sections/attribution.ts";
import { latency } from "./sections/latency.ts";
import { memory } from "./sections/memory.ts";
import { mongodb } from "./sections/mongodb.ts";
import { overload } from "./sections/overload.ts";
import { peer } from "./sections/peer.ts";
import { profile } from "./sections/profile.ts";
import { startup } from "./sections/startup.ts";
import { stored } from "./sections/stored.ts";
import { throughput } from "./sections/throughput.ts";

const sections: Record<SectionName, (bench: Bench) => Promise<SectionResult>> = {
  throughput,
  latency,
  attribution,
  overload,
  memory,
  stored,
  startup,
  mongodb,
  peer,
  profile,
};

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(help);
  else await run(options);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  // At once: what was started ends with this process.
  process.exit(1);
}

async function run(options: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  const load = startLoadGenerator();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const results: Record<string, SectionResult> = {};
  say(machineLine());
  try {
    for (const name of options.sections) {
      say(`\n${name}`);
      const result = await sections[name]({ options, load, say });
      results[name] = result;
      say(`\n${tables(result)}`);
      writeResults(options, results);
    }
    say(`\n${machineLine()}`);
    const all = Object.entries(results).map(([name, result]) => `\n${name}\n\n${tables(result)}`);
    if (all.length > 1) say(`\nTogether\n${all.join("\n")}`);
  } finally {
    load.stop();
  }
}
