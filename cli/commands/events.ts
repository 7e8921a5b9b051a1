import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import type { Event } from "../../proto/gen/carillon/ingestion/v1/event_pb.js";
import { ListEventsResponseSchema } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { noteNextPage, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { formatMoment, parseMoment } from "../moment.ts";
import type { Column } from "../table.ts";
import { definitionsCommand } from "./events-definitions.ts";
import { getEventCommand } from "./events-get.ts";
import { tailCommand } from "./events-tail.ts";
import { validateCommand } from "./events-validate.ts";
import { addPagingOptions, type PagingOptions, pageRequest } from "./paging.ts";

interface ListOptions extends PagingOptions {
  readonly user?: string;
  readonly device?: string;
  readonly name?: string;
  readonly since?: Timestamp;
  readonly until?: Timestamp;
}

const columns: readonly Column<Event>[] = [
  { heading: "EFFECTIVE TIME", cell: (event) => formatMoment(event.effectiveTime) },
  { heading: "EVENT", cell: (event) => event.eventName },
  { heading: "USER", cell: (event) => event.appUserId },
  { heading: "SENT AS", cell: (event) => event.sentAppUserId || "nobody" },
  { heading: "DEVICE", cell: (event) => event.deviceToken },
  { heading: "FLAGS", cell: (event) => event.flags.join(",") },
  { heading: "FINGERPRINT", cell: (event) => event.fingerprint },
];

const EXAMPLES = `
Examples:
  carillon events list --since 1h
  carillon events list --user customer-42 --name product_viewed
  carillon events list --json --limit 1000 | jq '.events[].eventName'`;

/** `events`: what was accepted, and what arrives. */
export function eventCommands(console: Console): Command {
  const list = new Command("list")
    .description("events, latest first; USER is whom an event is attributed to, SENT AS whom its sender named")
    .option("--user <id>", "attributed to this user; anon:<device token> for whoever is behind that device")
    .option("--device <token>", "sent with this device token")
    .option("--name <event>", "with this event name")
    .option("--since <time>", "effective at or after: 90m, 2h, 7d ago, a date or RFC 3339", parseTime)
    .option("--until <time>", "effective before", parseTime)
    .addHelpText("after", EXAMPLES)
    .action((options: ListOptions, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.events.listEvents({
          ...app,
          ...pageRequest(options),
          appUserId: options.user ?? "",
          deviceToken: options.device ?? "",
          eventName: options.name ?? "",
          ...(options.since === undefined ? {} : { startTime: options.since }),
          ...(options.until === undefined ? {} : { endTime: options.until }),
        });
        if (json) return printJson(console, ListEventsResponseSchema, response);
        printTable(console, columns, response.events);
        noteNextPage(console, response.nextPageToken);
      }),
    );
  addPagingOptions(list);
  return new Command("events")
    .description("events, stored and arriving, and their names")
    .addCommand(list)
    .addCommand(getEventCommand(console))
    .addCommand(tailCommand(console))
    .addCommand(validateCommand(console))
    .addCommand(definitionsCommand(console));

  function parseTime(text: string): Timestamp {
    return parseMoment(text, console.now());
  }
}
