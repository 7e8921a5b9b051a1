import { Command, InvalidArgumentError, Option } from "commander";
import {
  type TailEventsResponse,
  TailEventsResponseSchema,
} from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { type CommandContext, printJsonLine, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { formatMoment } from "../moment.ts";
import { cutText, visibleText } from "../text-width.ts";

interface TailOptions {
  readonly user?: string;
  readonly device?: string;
  readonly name?: string;
  readonly verdict?: string;
  readonly limit?: number;
}

/** Characters of the longest verdict, `duplicate`. */
const VERDICT_WIDTH = 9;

const HELP = `
What was already sent is not shown: "carillon events list" has that. Attribution may move an event later. With --json
every event is one line; a line without a verdict tells what is missing before the next ("droppedCount", "gap").

Examples:
  carillon events tail
  carillon events tail --verdict rejected                     what senders get wrong, with what they were told
  carillon events tail --user customer-42 --limit 1           wait for a user's next event
  carillon events tail --json | jq -r 'select(.verdict == "rejected") | .errors[].message'`;

/** `events tail`: what arrives, as it arrives, until it is interrupted. */
export function tailCommand(console: Console): Command {
  return new Command("tail")
    .description("events as they arrive, accepted or not, until Ctrl-C")
    .option("--user <id>", "that name this user; anon:<device token> for anonymous ones of a token")
    .option("--device <token>", "sent with this device token")
    .option("--name <event>", "with this event name")
    .addOption(new Option("--verdict <verdict>", "only these").choices(["accepted", "duplicate", "rejected"]))
    .option("--limit <n>", "end after this many", parseLimit)
    .addHelpText("after", HELP)
    .action((options: TailOptions, command: Command) =>
      withGateway(command, console, async (context) => {
        const { gateway, app } = context;
        const reading = new AbortController();
        // No deadline: a tail has no end of its own.
        const call = { timeoutMs: 0, signal: reading.signal };
        const stream = gateway.events.tailEvents({ ...app, ...filterOf(options) }, call);
        try {
          if (await showAll(stream, context, options.limit)) return;
        } finally {
          reading.abort();
        }
        throw new CliFailure("The gateway ended the stream; repeat the command to go on.", exitCode.unreachable);
      }),
    );
}

function filterOf({ user = "", device = "", name = "", verdict = "" }: TailOptions) {
  return { appUserId: user, deviceToken: device, eventName: name, verdict };
}

/** Shows what comes, at most `limit` events. Whether there were that many. */
async function showAll(
  stream: AsyncIterable<TailEventsResponse>,
  { json, console }: CommandContext,
  limit = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  let left = limit;
  for await (const message of stream) {
    if (isQuiet(message)) continue;
    if (json) printJsonLine(console, TailEventsResponseSchema, message);
    else show(message, console);
    if (message.verdict !== "") left -= 1;
    if (left === 0) return true;
  }
  return false;
}

/** A message that says no more than that the stream stands. */
function isQuiet({ verdict, droppedCount, gap }: TailEventsResponse): boolean {
  return verdict === "" && droppedCount === 0 && !gap;
}

function show({ verdict, event, errors, droppedCount, gap }: TailEventsResponse, console: Console): void {
  if (droppedCount > 0) console.err(`${droppedCount} left out here: they came faster than they could be shown.\n`);
  if (gap) console.err("Some may be missing here: a connection within Carillon broke.\n");
  if (verdict === "") return;
  const cells = [
    formatMoment(event?.receivedTime),
    verdict.padEnd(VERDICT_WIDTH),
    event?.eventName || "-",
    event?.appUserId || "-",
    event?.deviceToken || "-",
    event?.fingerprint ?? "",
  ];
  line(cells.join("  "), console);
  for (const { field, code, message } of errors) line(`    ${field || "request"}: ${message} (${code})`, console);
}

function line(text: string, console: Console): void {
  const visible = visibleText(text.trimEnd());
  console.out(`${console.columns === undefined ? visible : cutText(visible, console.columns)}\n`);
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It should be a whole number from 1.");
  return Number(text);
}
