import { Command } from "commander";
import {
  EraseProfileResponseSchema,
  RelinkDeviceResponseSchema,
  UnlinkDeviceResponseSchema,
} from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { printJson, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { formatFields } from "../table.ts";

/** An erasure of a user with a long history takes longer than other calls, milliseconds. */
const ERASE_TIMEOUT_MS = 120_000;

const UNLINK_HELP = `
Use it where the journal ("carillon profiles merges") shows that a user took what was somebody else's: what they took on
the device goes back to its anonymous profile. Who owns the device stays as it is.

Example:
  carillon profiles unlink device-token-1 customer-42`;

const ERASE_HELP = `
Events, pushes, journal entries and ownership of devices go, for good; what arrives later starts anew.

Example:
  carillon profiles erase customer-42 --yes`;

/** What commander calls the action of a command with two arguments with. */
type UserOnDevice = [deviceToken: string, appUserId: string, options: object, command: Command];

/** `profiles unlink`: takes back what a user took on a device. */
export function unlinkCommand(console: Console): Command {
  return new Command("unlink")
    .description("a user's events on a device take nothing from its anonymous past")
    .argument("<token>", "any token of the device")
    .argument("<user>", "user id")
    .addHelpText("after", UNLINK_HELP)
    .action((...[deviceToken, appUserId, , command]: UserOnDevice) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.profiles.unlinkDevice({ ...app, deviceToken, appUserId });
        if (json) return printJson(console, UnlinkDeviceResponseSchema, response);
        console.err('Unlinked; "carillon profiles relink" with the same arguments takes it back.\n');
      }),
    );
}

/** `profiles relink`: takes an unlinking back. */
export function relinkCommand(console: Console): Command {
  return new Command("relink")
    .description("takes an unlinking back")
    .argument("<token>", "any token of the device")
    .argument("<user>", "user id")
    .addHelpText("after", "\nExample:\n  carillon profiles relink device-token-1 customer-42")
    .action((...[deviceToken, appUserId, , command]: UserOnDevice) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.profiles.relinkDevice({ ...app, deviceToken, appUserId });
        if (json) return printJson(console, RelinkDeviceResponseSchema, response);
        console.err("Linked again.\n");
      }),
    );
}

/** `profiles erase`: removes a user. */
export function eraseCommand(console: Console): Command {
  return new Command("erase")
    .description("removes a user and everything that is theirs")
    .argument("<user>", "user id, or anon:<device token>")
    .option("--yes", "really; there is no way back")
    .addHelpText("after", ERASE_HELP)
    .action((appUserId: string, { yes }: { yes?: boolean }, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        if (yes !== true) {
          const { profile } = await gateway.profiles.getProfile({ ...app, appUserId });
          throw new CliFailure(
            `This would remove ${JSON.stringify(profile?.appUserId ?? appUserId)} for good; add --yes to do it.`,
            exitCode.usage,
          );
        }
        const response = await gateway.profiles.eraseProfile({ ...app, appUserId }, { timeoutMs: ERASE_TIMEOUT_MS });
        if (json) return printJson(console, EraseProfileResponseSchema, response);
        console.out(
          formatFields([
            ["events removed", String(response.eventCount)],
            ["pushes removed", String(response.pushCount)],
            ["merges removed", String(response.mergeCount)],
            ["devices let go", String(response.deviceCount)],
          ]),
        );
      }),
    );
}
