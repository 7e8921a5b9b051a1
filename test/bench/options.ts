import { parseArgs } from "node:util";

/** What can be measured, in the order in which it is. */
export const sectionNames = [
  "throughput",
  "latency",
  "attribution",
  "overload",
  "startup",
  "memory",
  "mongodb",
  "peer",
  "stored",
  "profile",
] as const;
export type SectionName = (typeof sectionNames)[number];

export interface BenchOptions {
  readonly sections: readonly SectionName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Events stored beforehand in the section `stored`. */
  readonly events: number;
  readonly minutes: number;
  readonly profiles: string;
  readonly out: string;
}

export const help = `Measures Carillon against what this machine can do at best. Only ratios within one run mean anything: what is compared
runs in turns, each time in new processes on an empty store, and the median of the rounds counts. Run it on a machine
that does nothing else; the load it saw is written down beside the results.

  npm run bench                            the sections throughput, latency, overload and startup: about 6 minutes
  npm run bench -- throughput              one section, or several by name
  npm run bench -- all                     all of them

Sections
  throughput   events a second, every event new and durable before its 200, of: the ceiling (raw node:http, JSON.parse,
               SHA-256, one insert through the product's own SQLite), the same with all rows of an event, one process
               (npm start), five processes (npm run start:services); with the processor's time an event and the peak
               of memory
  latency      percentiles of the answer at 70 % of the peak, open loop
  attribution  the processor's time an event of one process, in turns: with the usual mix, where 15 % of the events are
               anonymous and 5 % are logins that take them, and with the same events naming their users from the first
  overload     five times the peak, open loop: what is accepted, how fast, how the rest is refused, when it is over
  memory       resident memory over --minutes of full load
  stored       what --events stored beforehand cost: throughput against an empty store, ListEvents of one user, start
  startup      from starting the process to ready
  mongodb      commands a batch, and throughput against a bare loop over the driver; needs CARILLON_TEST_MONGODB_URL
  peer         parse-server on PostgreSQL, an object an event through its own REST API, beside one and five processes;
               says what to install where it is not there
  profile      where the time goes: a flame graph of each thread as SVG into --profiles, and its modules as a table

Options
  --rounds N        rounds that are compared (3)
  --seconds N       measured in each (8)
  --warm-up N       seconds of load before that, not counted (5)
  --connections N   of the closed loop, keep-alive (64)
  --events N        stored beforehand in the section stored (200000; the goal speaks of 10000000)
  --minutes N       of the section memory (10)
  --profiles DIR    where flame graphs go (node_modules/.cache/profiles)
  --out FILE        where the results go as JSON (test/bench/results.json)
`;

const usual: readonly SectionName[] = ["throughput", "latency", "overload", "startup"];

/** @throws Error in one line for what cannot be understood; undefined where help is asked for */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "8" },
      "warm-up": { type: "string", default: "5" },
      connections: { type: "string", default: "64" },
      events: { type: "string", default: "200000" },
      minutes: { type: "string", default: "10" },
      profiles: { type: "string", default: "node_modules/.cache/profiles" },
      out: { type: "string", default: "test/bench/results.json" },
    },
  });
  if (values.help) return undefined;
  const number = (name: "rounds" | "seconds" | "warm-up" | "connections" | "events" | "minutes"): number => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} should be a number above 0, not "${values[name]}"`);
    return value;
  };
  return {
    sections: sectionsOf(positionals),
    rounds: number("rounds"),
    seconds: number("seconds"),
    warmUpSeconds: number("warm-up"),
    connections: number("connections"),
    events: number("events"),
    minutes: number("minutes"),
    profiles: values.profiles,
    out: values.out,
  };
}

function sectionsOf(named: readonly string[]): readonly SectionName[] {
  if (named.length === 0) return usual;
  if (named.includes("all")) return sectionNames;
  const unknown = named.find((name) => !sectionNames.some((section) => section === name));
  if (unknown !== undefined) throw new Error(`there is no section "${unknown}"; see --help`);
  return sectionNames.filter((section) => named.includes(section));
}
