import process from "node:process";
import { parseArgs } from "node:util";
import { MAX_BODY_BYTES } from "../../gateway/body/body-fault.ts";
import { bytesFault, faultOf } from "./check-answer.ts";
import { connectionInput } from "./connection-inputs.ts";
import { diceOf } from "./dice.ts";
import { type Credentials, describeInput, type Input } from "./input.ts";
import { operatorInput } from "./operator-inputs.ts";
import { CONCURRENCY, sendBytes, sendRequest } from "./send.ts";
import { surfaceInput } from "./surface-inputs.ts";
import { type Memory, startTarget, type Target } from "./target.ts";

/** Growth from the middle of a run to its end that is no leak, in megabytes: caches fill, and the heap is cut in pages. */
const HEAP_GROWTH_MB = 16;
const RSS_GROWTH_MB = 96;

const help = `Sends Carillon, in a process of its own, requests that are mostly wrong: to every public endpoint and every method of the
operator API, like published examples and made of their schemas, and bytes that are no HTTP. Fails where an answer is a
fault of the server's or not as documented, where the process ends, or where its memory grows from the middle of the
run to its end by more than ${HEAP_GROWTH_MB} MB of heap or ${RSS_GROWTH_MB} MB in all.

  npm run fuzz -- [--inputs N] [--seed SEED]   N inputs (20000), made of SEED (random, and printed)
      --from NUMBER                            begins with that input: what a failure names can be sent by itself
      --print                                  shows what is sent
`;
/** Failures that are shown; the rest are counted. */
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    from: { type: "string", default: "0" },
    print: { type: "boolean", default: false },
    help: { type: "boolean" },
  },
});
const [inputs, seed, from] = [values.inputs, values.seed, values.from].map(Number) as [number, number, number];
if (values.help) process.stdout.write(help);
else process.exitCode = await run();

async function run(): Promise<number> {
  process.stdout.write(`seed ${seed}, ${inputs} inputs from ${from}\n`);
  const target = await startTarget();
  try {
    const half = Math.floor(inputs / 2);
    const statuses = new Map<string, number>();
    let failures = await sendAll(target, { from, count: half, statuses });
    const middle = await memoryOf(target);
    failures += await sendAll(target, { from: from + half, count: inputs - half, statuses });
    const end = await memoryOf(target);
    if (middle !== undefined && end !== undefined) failures += growth(middle, end);
    const counts = [...statuses].sort().map(([status, count]) => `${status}: ${count}`);
    process.stdout.write(`${counts.join(", ")}\nseed ${seed}: ${inputs} inputs, ${failures} failures\n`);
    return failures === 0 ? 0 : 1;
  } finally {
    await target.stop();
  }
}

interface Stretch {
  readonly from: number;
  readonly count: number;
  readonly statuses: Map<string, number>;
}

async function sendAll(target: Target, { from: first, count, statuses }: Stretch): Promise<number> {
  let next = first;
  let failures = 0;
  async function lane(): Promise<void> {
    while (next < first + count && target.ended() === undefined) {
      const number = next++;
      const input = inputOf(number, target.credentials);
      if (values.print) process.stdout.write(`${number} ${describeInput(input)}\n`);
      const fault = await outcome(input, target, statuses);
      if (fault === undefined) continue;
      failures++;
      if (failures <= SHOWN) process.stdout.write(`input ${number}: ${fault}\n  ${describeInput(input)}\n`);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  const end = target.ended();
  if (end === undefined) return failures;
  process.stdout.write(`${end}\n`);
  return failures + 1;
}

function inputOf(number: number, credentials: Credentials): Input {
  const dice = diceOf(seed, number);
  const kind = dice.below(100);
  if (kind < 65) return surfaceInput(credentials, dice);
  return kind < 90 ? operatorInput(credentials, dice) : connectionInput(credentials, dice);
}

/** Sends one input; what is wrong with what became of it. */
async function outcome(input: Input, { port }: Target, statuses: Map<string, number>): Promise<string | undefined> {
  const count = (status: string | number) => statuses.set(`${status}`, (statuses.get(`${status}`) ?? 0) + 1);
  try {
    if (input.kind === "bytes") {
      const answer = await sendBytes(input, port);
      count(answer.length === 0 ? "silence" : "bytes");
      const fault = bytesFault(answer);
      return fault && `${fault}: ${JSON.stringify(answer.toString("latin1").slice(0, 300))}`;
    }
    const answer = await sendRequest(input, port);
    count(answer.status);
    const fault = faultOf(input, answer);
    return fault && `${fault}: ${answer.status} ${answer.body.toString().slice(0, 300)}`;
  } catch (error) {
    // A body that nobody reads to its end may cost the sender the answer.
    if (input.kind === "request" && input.body.length > MAX_BODY_BYTES) return undefined;
    return `no answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Undefined where the process has ended. */
function memoryOf(target: Target): Promise<Memory> | undefined {
  return target.ended() === undefined ? target.memory() : undefined;
}

function growth(middle: Memory, end: Memory): number {
  const mb = (bytes: number) => bytes / 1024 / 1024;
  const heap = mb(end.heapUsed - middle.heapUsed);
  const rss = mb(end.rss - middle.rss);
  const now = `${mb(end.heapUsed).toFixed(1)} MB of heap, ${mb(end.rss).toFixed(1)} MB in all`;
  process.stdout.write(`memory: ${now}; since the middle ${heap.toFixed(1)} and ${rss.toFixed(1)} MB more\n`);
  return heap > HEAP_GROWTH_MB || rss > RSS_GROWTH_MB ? 1 : 0;
}
