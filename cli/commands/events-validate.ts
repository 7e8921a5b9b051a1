import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Code, ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { failureOf } from "../refusal.ts";
import { type ClientSettings, type GlobalOptions, readClientSettings } from "../settings.ts";
import { type Column, formatFields, formatTable } from "../table.ts";

/** An event that has no answer after this long counts as unreachable. Milliseconds. */
const TIMEOUT_MS = 15_000;

/** An error or a warning. */
interface Finding {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** Answer of `POST /events/validate`. */
interface Verdict {
  readonly valid: boolean;
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly fingerprint: string | null;
  readonly would: {
    readonly duplicate: boolean;
    readonly effective_time: string;
    readonly new_device: boolean;
    readonly owner_app_user_id: { readonly before: string | null; readonly after: string | null };
    readonly attributed_to: string | null;
    readonly takes_anonymous_events: number;
    readonly new_event_name: boolean;
  } | null;
}

const columns: readonly Column<Finding & { readonly kind: string }>[] = [
  { heading: "", cell: ({ kind }) => kind },
  { heading: "FIELD", cell: ({ field }) => field },
  { heading: "CODE", cell: ({ code }) => code },
  { heading: "WHAT IS WRONG", cell: ({ message }) => message },
];

const HELP = `
The body is one of POST /events. On the machine where "npm start" runs, tenant_id and api_key may be left out: the demo
app's are used. Nothing is stored. The exit status is 0 for a valid event, warnings or not, and 1 for any other.

Examples:
  carillon events validate event.json
  pbpaste | carillon events validate -
  carillon events validate event.json --json | jq .would`;

/** `events validate`: what is wrong with an event, and what it would do. */
export function validateCommand(console: Console): Command {
  return new Command("validate")
    .description("what is wrong with an event that is not sent yet, and what it would do")
    .argument("<file>", 'JSON of one event; "-" for standard input')
    .addHelpText("after", HELP)
    .action(async (file: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const settings = readClientSettings(options, console.env);
      const answer = await ask(settings, withCredentials(await readBody(file, console), settings));
      const verdict = JSON.parse(answer) as Verdict;
      console.out(options.json === true ? `${JSON.stringify(verdict, null, 2)}\n` : describe(verdict, console));
      if (!verdict.valid) throw new CliFailure("POST /events would refuse this event.", exitCode.failed);
    });
}

async function readBody(file: string, { input }: Console): Promise<string> {
  if (file === "-") return text(input);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliFailure(`Cannot read ${file}: ${(error as Error).message}`, exitCode.usage, { cause: error });
  }
}

/** The body with the demo app's credentials where it has none; as it is where it cannot be read, which is the answer's to tell. */
function withCredentials(body: string, { demo }: ClientSettings): string {
  if (demo === undefined) return body;
  try {
    const event: unknown = JSON.parse(body);
    if (typeof event !== "object" || event === null || "tenant_id" in event || "api_key" in event) return body;
    return JSON.stringify({ tenant_id: demo.tenantId, api_key: demo.apiKey, ...event });
  } catch (error) {
    if (error instanceof SyntaxError) return body;
    throw error;
  }
}

async function ask(settings: ClientSettings, body: string): Promise<string> {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body };
  const response = await fetch(`${settings.url}/events/validate`, {
    ...request,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw failureOf(new ConnectError(reason, Code.Unavailable), settings);
  });
  if (response.status === 200) return response.text();
  const code = response.status === 429 || response.status === 503 ? Code.Unavailable : Code.Unimplemented;
  throw failureOf(new ConnectError(`HTTP status ${response.status}`, code), settings);
}

function describe({ valid, errors, warnings, fingerprint, would }: Verdict, { columns: width }: Console): string {
  const yes = (value: boolean) => (value ? "yes" : "no");
  const fields: (readonly [string, string])[] = [["valid", yes(valid)]];
  if (would !== null) {
    const { before, after } = would.owner_app_user_id;
    fields.push(
      ["fingerprint", fingerprint ?? ""],
      ["stored already", yes(would.duplicate)],
      ["would count at", would.effective_time],
      ["would belong to", would.attributed_to ?? "nobody yet"],
      ["new device", yes(would.new_device)],
      ["device's owner", before === after ? (after ?? "nobody") : `${before ?? "nobody"} -> ${after ?? "nobody"}`],
      ["takes anonymous events", String(would.takes_anonymous_events)],
      ["new event name", yes(would.new_event_name)],
    );
  }
  const findings = [
    ...errors.map((finding) => ({ kind: "error", ...finding })),
    ...warnings.map((finding) => ({ kind: "warning", ...finding })),
  ];
  return formatFields(fields) + (findings.length === 0 ? "" : `\n${formatTable(columns, findings, width)}`);
}
