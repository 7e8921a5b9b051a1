import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { Command, InvalidArgumentError } from "commander";
import type { Push } from "../../proto/gen/carillon/tracking/v1/push_pb.js";
import {
  GetPushResponseSchema,
  GetPushStatsResponseSchema,
  ListPushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { noteNextPage, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { formatMoment, parseMoment } from "../moment.ts";
import { type Column, formatFields } from "../table.ts";
import { addPagingOptions, type PagingOptions, pageRequest } from "./paging.ts";

interface ListOptions extends PagingOptions {
  readonly user?: string;
  readonly device?: string;
}

interface StatsOptions {
  readonly since?: Timestamp;
  readonly until?: Timestamp;
  readonly sender?: readonly [name: string, value: string];
}

const columns: readonly Column<Push>[] = [
  { heading: "SENT", cell: (push) => formatMoment(push.sentTime) },
  { heading: "STATE", cell: (push) => push.state },
  { heading: "USER", cell: (push) => push.appUserId },
  { heading: "DEVICE", cell: (push) => push.deviceToken },
  { heading: "DELIVERED", cell: (push) => formatMoment(push.deliveredTime) },
  { heading: "OPENED", cell: (push) => formatMoment(push.openedTime) },
  { heading: "TRACKING TOKEN", cell: (push) => push.trackingToken },
];

const STATS_EXAMPLES = `
Examples:
  carillon pushes stats --since 7d
  carillon pushes stats --sender campaign=autumn
  carillon pushes stats --since 2026-05-01 --until 2026-06-01 --json | jq .openRate`;

/** `pushes`: the ledger of what was sent. */
export function pushCommands(console: Console): Command {
  return new Command("pushes")
    .description("pushes that were sent, and what became of them")
    .addCommand(listCommand(console))
    .addCommand(getCommand(console))
    .addCommand(statsCommand(console));
}

function listCommand(console: Console): Command {
  const list = new Command("list")
    .description("pushes, latest sent first")
    .option("--user <id>", "attributed to this user")
    .option("--device <token>", "sent to this device token")
    .addHelpText("after", "\nExamples:\n  carillon pushes list\n  carillon pushes list --user customer-42 --limit 5")
    .action((options: ListOptions, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const filter = { appUserId: options.user ?? "", deviceToken: options.device ?? "" };
        const response = await gateway.pushes.listPushes({ ...app, ...pageRequest(options), ...filter });
        if (json) return printJson(console, ListPushesResponseSchema, response);
        printTable(console, columns, response.pushes);
        noteNextPage(console, response.nextPageToken);
      }),
    );
  return addPagingOptions(list);
}

function getCommand(console: Console): Command {
  return new Command("get")
    .description("one push")
    .argument("<tracking token>", "UUID that the push was registered with")
    .addHelpText("after", "\nExample:\n  carillon pushes get 6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
    .action((trackingToken: string, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.pushes.getPush({ ...app, trackingToken });
        if (json) return printJson(console, GetPushResponseSchema, response);
        const { push } = response;
        if (push === undefined) throw new CliFailure("The gateway answered without a push.", exitCode.failed);
        const senders = Object.entries(push.senderIds).map(([name, value]) => [`sender's ${name}`, value] as const);
        const fields = columns.map(({ heading, cell }) => [heading.toLowerCase(), cell(push)] as const);
        console.out(formatFields([...fields, ...senders]));
      }),
    );
}

function statsCommand(console: Console): Command {
  const parseTime = (text: string): Timestamp => parseMoment(text, console.now());
  return new Command("stats")
    .description("how many pushes were sent, delivered and opened")
    .option("--since <time>", "sent at or after: 90m, 2h, 7d ago, a date or RFC 3339", parseTime)
    .option("--until <time>", "sent before", parseTime)
    .option("--sender <name=value>", "with this one of the sender's own identifiers", parseSender)
    .addHelpText("after", STATS_EXAMPLES)
    .action((options: StatsOptions, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const [senderIdName, senderId] = options.sender ?? ["", ""];
        const response = await gateway.pushes.getPushStats({
          ...app,
          senderIdName,
          senderId,
          ...(options.since === undefined ? {} : { startTime: options.since }),
          ...(options.until === undefined ? {} : { endTime: options.until }),
        });
        if (json) return printJson(console, GetPushStatsResponseSchema, response);
        const { sent, delivered, opened, openRate } = response;
        console.out(
          formatFields([
            ["sent", String(sent)],
            ["delivered", String(delivered)],
            ["opened", String(opened)],
            ["open rate", `${(openRate * 100).toFixed(1)} %`],
          ]),
        );
      }),
    );
}

function parseSender(text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It should look like campaign=autumn.");
  return [text.slice(0, at), text.slice(at + 1)];
}
