import { Command } from "commander";
import type { Profile } from "../../proto/gen/carillon/identity/v1/profile_pb.js";
import {
  GetProfileResponseSchema,
  ListProfilesResponseSchema,
} from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { noteNextPage, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { formatMoment } from "../moment.ts";
import { type Column, formatFields } from "../table.ts";
import { addPagingOptions, type PagingOptions, pageRequest } from "./paging.ts";
import { eraseCommand, relinkCommand, unlinkCommand } from "./profiles-change.ts";
import { mergesCommand } from "./profiles-merges.ts";

const columns: readonly Column<Profile>[] = [
  { heading: "USER", cell: (profile) => profile.appUserId },
  { heading: "ANONYMOUS", cell: (profile) => (profile.anonymous ? "yes" : "no") },
  { heading: "FIRST SEEN", cell: (profile) => formatMoment(profile.firstSeenTime) },
  { heading: "LAST SEEN", cell: (profile) => formatMoment(profile.lastSeenTime) },
  { heading: "LANGUAGE", cell: (profile) => profile.language },
  { heading: "COUNTRY", cell: (profile) => profile.country },
  { heading: "TIME ZONE", cell: (profile) => profile.timezone },
  { heading: "PLATFORM", cell: (profile) => profile.platform },
];

const GET_EXAMPLES = `
Examples:
  carillon profiles get customer-42
  carillon profiles get anon:<device token>    whoever the device's anonymous past belongs to now`;

/** `profiles`: the users whom events are attributed to. */
export function profileCommands(console: Console): Command {
  const get = new Command("get")
    .description("one profile; an anon: id of any token of a device is resolved")
    .argument("<user>", "user id, or anon:<device token>")
    .addHelpText("after", GET_EXAMPLES)
    .action((appUserId: string, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.profiles.getProfile({ ...app, appUserId });
        if (json) return printJson(console, GetProfileResponseSchema, response);
        const { profile } = response;
        if (profile === undefined) throw new CliFailure("The gateway answered without a profile.", exitCode.failed);
        console.out(formatFields(columns.map(({ heading, cell }) => [heading.toLowerCase(), cell(profile)] as const)));
      }),
    );
  const list = addPagingOptions(new Command("list").description("profiles, by user id")).action(
    (options: PagingOptions, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.profiles.listProfiles({ ...app, ...pageRequest(options) });
        if (json) return printJson(console, ListProfilesResponseSchema, response);
        printTable(console, columns, response.profiles);
        noteNextPage(console, response.nextPageToken);
      }),
  );
  return new Command("profiles")
    .description("users and anonymous profiles")
    .addCommand(get)
    .addCommand(list)
    .addCommand(mergesCommand(console))
    .addCommand(unlinkCommand(console))
    .addCommand(relinkCommand(console))
    .addCommand(eraseCommand(console));
}
