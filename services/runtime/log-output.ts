import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { type DestinationStream, pino } from "pino";
import { terminalStream } from "./log-terminal.ts";

/**
 * Log lines wait until there is so much of them, or so long (milliseconds). More would cost more: sonic-boom counts the
 * bytes of all that waits at every line.
 */
const BUFFERED_CHARACTERS = 8_192;
const FLUSH_EVERY_MS = 100;

const STDOUT = 1;

/**
 * Where a process, or a thread of it, writes its log, to be made once in each: text where standard output is a terminal.
 * Otherwise JSON, some 40 lines at a time: a write may wait for a disk that is being synced, and keeps its thread
 * waiting. A fatal line and the exit of the process leave nothing behind.
 */
export function processOutput(): DestinationStream {
  // Not `process.stdout`, which a thread only has a copy of.
  if (isatty(STDOUT)) return terminalStream({ write: (text) => writeSync(STDOUT, text) });
  const output = pino.destination({ dest: STDOUT, minLength: BUFFERED_CHARACTERS, periodicFlush: FLUSH_EVERY_MS });
  process.once("exit", () => output.flushSync());
  return output;
}
