import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Mutation, mutations } from "./mutations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** What a simulation runs from. */
const copied = ["services", "gateway", "proto", "test/model", "test/simulation", "package.json"];

const help = `Puts one bug at a time into a copy of the services and runs the simulation on it, which has to find it. Where bugs show
only if two do the same at once, the simulation is that of people who do.

  npm run simulate:mutations -- [--seeds N] [--only TEXT]
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1500" },
    only: { type: "string", default: "" },
    help: { type: "boolean" },
  },
});
if (values.help) process.stdout.write(help);
else
  process.exit(
    await tryAll(
      mutations.filter(({ name }) => name.includes(values.only)),
      Number(values.seeds),
    ),
  );

async function tryAll(chosen: readonly Mutation[], seeds: number): Promise<number> {
  const open = [...chosen];
  let missed = 0;
  const worker = async (): Promise<void> => {
    for (let mutation = open.shift(); mutation !== undefined; mutation = open.shift()) {
      const found = await finds(mutation, seeds);
      if (found === undefined) missed++;
      process.stdout.write(`${found === undefined ? "MISSED" : `found by seed ${found}`}: ${mutation.name}\n`);
    }
  };
  // One for each of the two cores that the project is made for.
  await Promise.all([worker(), worker()]);
  process.stdout.write(`${chosen.length - missed} of ${chosen.length} mutations found\n`);
  return missed === 0 ? 0 : 1;
}

/** The seed that shows the mutation, if one of them does. */
async function finds({ file, find, replace, scenario }: Mutation, seeds: number): Promise<number | undefined> {
  const copy = await mkdtemp(join(tmpdir(), "carillon-mutation-"));
  try {
    for (const path of copied) await cp(join(root, path), join(copy, path), { recursive: true });
    await symlink(join(root, "node_modules"), join(copy, "node_modules"));
    const source = await readFile(join(copy, file), "utf8");
    if (source.split(find).length !== 2) throw new Error(`${file} should have this exactly once: ${find}`);
    await writeFile(
      join(copy, file),
      source.replace(find, () => replace),
    );
    const script = join(copy, "test/simulation/main.ts");
    const options = ["--seeds", String(seeds), "--first", "--jobs", "1"];
    if (scenario !== undefined) options.push("--scenario", scenario);
    const run = spawn(process.execPath, [script, ...options], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    run.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const [status] = (await once(run, "close")) as [number | null];
    if (status === 0) return undefined;
    const seed = /^seed (\d+):/m.exec(output)?.[1];
    if (seed === undefined) throw new Error(`the simulation of a mutation ended with status ${status}: ${output}`);
    return Number(seed);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
