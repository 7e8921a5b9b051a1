import { Argument, Command, InvalidArgumentError } from "commander";
import { SetRetentionResponseSchema } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { printJson, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";

const HELP = `
What is removed is gone for good. Profiles, devices and attributions stay as they are; see docs/operations.md.

Examples:
  carillon apps retention 365 --tenant acme --app <app>
  carillon apps retention off --tenant acme --app <app>`;

/** `apps retention`: after how many days events and pushes are removed. */
export function retentionCommand(console: Console): Command {
  return new Command("retention")
    .description("after how many days events and pushes of an app are removed")
    .addArgument(new Argument("<days>", '31 to 36500, or "off" to keep everything').argParser(parseDays))
    .addHelpText("after", HELP)
    .action((retentionDays: number, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.apps.setRetention({ ...app, retentionDays });
        if (json) printJson(console, SetRetentionResponseSchema, response);
        else console.out(`${retentionDays === 0 ? "Everything is kept" : `${retentionDays} days are kept`}.\n`);
      }),
    );
}

function parseDays(text: string): number {
  if (text === "off") return 0;
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days < 31 || days > 36_500) throw new InvalidArgumentError('It is a number of days from 31 to 36500, or "off".');
  return days;
}
