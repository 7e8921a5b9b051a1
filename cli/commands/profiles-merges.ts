import { Command } from "commander";
import type { Merge } from "../../proto/gen/carillon/identity/v1/merge_pb.js";
import { ListMergesResponseSchema } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { noteNextPage, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { formatMoment } from "../moment.ts";
import type { Column } from "../table.ts";
import { addPagingOptions, type PagingOptions, pageRequest } from "./paging.ts";

interface MergesOptions extends PagingOptions {
  readonly user?: string;
  readonly device?: string;
}

const columns: readonly Column<Merge>[] = [
  { heading: "TIME", cell: (merge) => formatMoment(merge.time) },
  { heading: "DEVICE", cell: (merge) => merge.deviceToken },
  { heading: "FROM", cell: (merge) => merge.fromAppUserId },
  { heading: "TO", cell: (merge) => merge.toAppUserId },
  { heading: "EVENTS", cell: (merge) => String(merge.eventCount) },
  { heading: "PUSHES", cell: (merge) => String(merge.pushCount) },
  { heading: "BY EVENT", cell: (merge) => merge.fingerprint },
];

const EXAMPLES = `
Examples:
  carillon profiles merges --user customer-42
  carillon profiles merges --device device-token-1`;

/** `profiles merges`: the journal of who took whose anonymous past. */
export function mergesCommand(console: Console): Command {
  const merges = new Command("merges")
    .description("the merge journal: which event took which anonymous past")
    .option("--user <id>", "user who took")
    .option("--device <token>", "any token of the device")
    .addHelpText("after", EXAMPLES)
    .action((options: MergesOptions, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const filter = { appUserId: options.user ?? "", deviceToken: options.device ?? "" };
        const response = await gateway.profiles.listMerges({ ...app, ...pageRequest(options), ...filter });
        if (json) return printJson(console, ListMergesResponseSchema, response);
        printTable(console, columns, response.merges);
        noteNextPage(console, response.nextPageToken);
      }),
    );
  return addPagingOptions(merges);
}
