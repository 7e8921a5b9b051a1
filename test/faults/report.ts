/**
 * Writes the results of the fault suite's latest run into docs/reliability.md, between its two marks, in the order that its
 * table has; what is new there comes last:
 *
 *     npm run test:faults; node test/faults/report.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import { type FaultResult, readResults } from "./results.ts";

const page = new URL("../../docs/reliability.md", import.meta.url);
const BEGIN = "<!-- results: begin -->";
const END = "<!-- results: end -->";

const seconds = (ms: number) => (ms / 1000).toFixed(1);

function rowOf({ fault, happens, ...result }: FaultResult): string {
  const answers = [`${result.accepted}`, `${result.refused}`, `${result.unanswered}`];
  const times = [result.longestAnswerMs, result.longestUntilAcceptedMs, result.recoveryMs].map(seconds);
  return `| ${[fault, happens, ...answers, ...times].join(" | ")} |`;
}

const results = Object.values(await readResults());
if (results.length === 0) throw new Error("there are no results: npm run test:faults makes them");
const text = await readFile(page, "utf8");
const known = [...text.matchAll(/^\| (.+?) \|/gm)].map(([, fault]) => fault);
const place = ({ fault }: FaultResult) => (known.includes(fault) ? known.indexOf(fault) : known.length);
const table = [
  "| fault, under load | what happens | 200 | 503 | none | longest answer, s | until accepted, s | state right after, s |",
  "|---|---|---|---|---|---|---|---|",
  ...results.sort((one, other) => place(one) - place(other)).map(rowOf),
].join("\n");
const [before, after] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
if (before < BEGIN.length || after < before) throw new Error(`docs/reliability.md should have ${BEGIN} and ${END}`);
await writeFile(page, `${text.slice(0, before)}\n${table}\n${text.slice(after)}`);
