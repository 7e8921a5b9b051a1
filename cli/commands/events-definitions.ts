import { create } from "@bufbuild/protobuf";
import { Command } from "commander";
import type { EventDefinition, EventParameter } from "../../proto/gen/carillon/ingestion/v1/event_pb.js";
import { ListEventDefinitionsResponseSchema } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { type CommandContext, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { formatMoment } from "../moment.ts";
import type { Column } from "../table.ts";
import { allPages, MAX_PAGE_SIZE } from "./paging.ts";

const columns: readonly Column<EventDefinition>[] = [
  { heading: "EVENT", cell: (definition) => definition.eventName },
  { heading: "CATEGORY", cell: (definition) => definition.category },
  { heading: "STORED", cell: (definition) => String(definition.eventCount) },
  { heading: "FIRST SEEN", cell: (definition) => formatMoment(definition.firstSeenTime) },
  { heading: "LAST SEEN", cell: (definition) => formatMoment(definition.lastSeenTime) },
  { heading: "PARAMETERS", cell: (definition) => definition.parameters.map(parameterText).join(" ") },
];

const HELP = `
PARAMETERS have the JSON types that they were sent with; "price?" is one that a system event usually carries and that
was never sent.

Examples:
  carillon events definitions --sent
  carillon events definitions --json | jq '.eventDefinitions[] | select(.system | not) | .eventName'`;

/** `events definitions`: the names that there are, the system's and the app's own. */
export function definitionsCommand(console: Console): Command {
  return new Command("definitions")
    .description("event names: all system events, and the app's own as they were discovered")
    .option("--sent", "only names that the app has sent")
    .addHelpText("after", HELP)
    .action(({ sent = false }: { sent?: boolean }, command: Command) =>
      withGateway(command, console, async (context) => {
        const all = await listAllDefinitions(context);
        const eventDefinitions = sent ? all.filter(({ eventCount }) => eventCount > 0) : all;
        if (!context.json) return printTable(console, columns, eventDefinitions);
        const response = create(ListEventDefinitionsResponseSchema, { eventDefinitions });
        printJson(console, ListEventDefinitionsResponseSchema, response);
      }),
    );
}

async function listAllDefinitions({ gateway, app }: CommandContext): Promise<EventDefinition[]> {
  const request = { ...app, pageSize: MAX_PAGE_SIZE };
  const pages = await allPages((pageToken) => gateway.events.listEventDefinitions({ ...request, pageToken }));
  return pages.flatMap(({ eventDefinitions }) => eventDefinitions);
}

function parameterText({ name, types }: EventParameter): string {
  return types.length === 0 ? `${name}?` : `${name}:${types.join("|")}`;
}
