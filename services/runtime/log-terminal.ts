import type { DestinationStream } from "pino";
import { pino } from "pino";

interface Line {
  readonly level: number;
  readonly time: number;
  readonly name: string;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
}

/** Turns pino's JSON lines into text for a person at a terminal: time, level, message, the rest as JSON. */
export function terminalStream(out: { write(text: string): unknown }): DestinationStream {
  return {
    write(json) {
      const { level, time, name, msg = "", err, ...rest } = JSON.parse(json) as Line & Record<string, unknown>;
      const { pid: _pid, hostname: _hostname, ...fields } = rest;
      const at = new Date(time).toISOString().slice(11, 23);
      const label = (pino.levels.labels[level] ?? String(level)).toUpperCase().padEnd(5);
      const extra = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(fields)}`;
      const stack = err?.stack === undefined ? "" : `\n${err.stack}`;
      out.write(`${at} ${label} ${name}: ${msg}${extra}${stack}\n`);
    },
  };
}
