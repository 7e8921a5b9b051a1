import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What a fault did to the system, as docs/reliability.md shows it. */
export interface FaultResult {
  /** The fault, e.g. `kill -9 of ingestion, three times`. */
  readonly fault: string;
  /** What happens, in a sentence. */
  readonly happens: string;
  /** Requests answered with 200, with 503, and not at all because the gateway itself was away. */
  readonly accepted: number;
  readonly refused: number;
  readonly unanswered: number;
  /** The longest that a request waited for an answer, and that it took until the same was accepted, milliseconds. */
  readonly longestAnswerMs: number;
  readonly longestUntilAcceptedMs: number;
  /** From the end of the fault until the state was that of what was accepted, milliseconds. */
  readonly recoveryMs: number;
}

/** Results of the latest run of each fault, by its name. */
const resultsFile = fileURLToPath(new URL("../../node_modules/.cache/carillon-faults/results.json", import.meta.url));

export async function readResults(): Promise<Record<string, FaultResult>> {
  const text = await readFile(resultsFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  return JSON.parse(text) as Record<string, FaultResult>;
}

/** Keeps a result in place of the last one of the same fault. Scenarios run one after the other. */
export async function keepResult(result: FaultResult): Promise<void> {
  const results = { ...(await readResults()), [result.fault]: result };
  await mkdir(new URL(".", `file://${resultsFile}`), { recursive: true });
  await writeFile(resultsFile, `${JSON.stringify(results, undefined, 2)}\n`);
}
