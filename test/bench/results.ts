import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import process from "node:process";
import type { LoadGenerator } from "./load/load-generator.ts";
import type { BenchOptions } from "./options.ts";

/** What a section works with. */
export interface Bench {
  readonly options: BenchOptions;
  readonly load: LoadGenerator;
  /** Tells how it goes. */
  say(line: string): void;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** What issue or contract asks for; absent where nothing does. */
  readonly goal?: string;
  readonly met?: boolean;
}

export interface SectionResult {
  readonly rows: readonly Row[];
  /** A table of its own shape, its head first. */
  readonly matrix?: readonly (readonly string[])[];
  /** What the rows were made of, for whoever wants to look closer. */
  readonly measured: unknown;
}

/** The middle of some numbers; of an even count, the lower of the two in the middle. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
}

/** A row about a number that should be at least, or at most, some other. */
export function row(
  what: string,
  value: number,
  {
    unit = "",
    digits = 2,
    atLeast,
    atMost,
  }: { readonly unit?: string; readonly digits?: number; readonly atLeast?: number; readonly atMost?: number } = {},
): Row {
  const shown = (number: number) => `${number.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
  if (atLeast !== undefined) {
    return { what, value: shown(value), goal: `at least ${shown(atLeast)}`, met: value >= atLeast };
  }
  if (atMost !== undefined)
    return { what, value: shown(value), goal: `at most ${shown(atMost)}`, met: value <= atMost };
  return { what, value: shown(value) };
}

/** The rows, and what there is to compare beside them, as Markdown. */
export function tables({ rows, matrix }: SectionResult): string {
  const lines = rows.map(({ what, value, goal = "", met }) => [what, value, goal, metText(met)]);
  const first = rows.length === 0 ? [] : [markdown([["", "measured", "goal", "met"], ...lines])];
  return [...first, ...(matrix === undefined ? [] : [markdown(matrix)])].join("\n\n");
}

function metText(met: boolean | undefined): string {
  if (met === undefined) return "";
  return met ? "yes" : "no";
}

/** A Markdown table; the first line is its head. */
function markdown(lines: readonly (readonly string[])[]): string {
  const [head = [], ...body] = lines;
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]) =>
    `| ${widths.map((width, at) => (line[at] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [text(head), rule, ...body.map(text)].join("\n");
}

/** The machine in one line, and how busy it is: far above its number of processors, somebody else works there. */
export function machineLine(): string {
  const { processors, model, memoryBytes, system, node, loadAverage } = machine();
  const gigabytes = Math.round(memoryBytes / 1e9);
  const load = loadAverage.map((number) => number.toFixed(1)).join(" ");
  return `${processors} processors (${model}), ${gigabytes} GB, ${system}, Node ${node}; load average ${load}`;
}

function machine() {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model ?? "",
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    loadAverage: loadavg(),
  };
}

export function writeResults(options: BenchOptions, sections: Readonly<Record<string, SectionResult>>): void {
  const results = { time: new Date().toISOString(), machine: machine(), options, sections };
  writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
}
