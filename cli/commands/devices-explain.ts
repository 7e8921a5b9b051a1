import { Command } from "commander";
import {
  type DeliveryCheck,
  type DeliveryExplanation,
  ExplainDeliveryResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { printJson, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { formatMoment } from "../moment.ts";
import { type Column, formatFields, formatTable } from "../table.ts";

const columns: readonly Column<DeliveryCheck>[] = [
  { heading: "CHECK", cell: (check) => check.name },
  { heading: "RESULT", cell: (check) => (check.passed ? "ok" : "FAILS") },
  { heading: "WHY", cell: (check) => check.detail },
  { heading: "DECIDED AT", cell: (check) => formatMoment(check.time) },
  { heading: "BY EVENT", cell: (check) => check.fingerprint },
];

const EXAMPLES = `
Examples:
  carillon devices explain device-token-1
  carillon devices explain --user customer-42
  carillon devices explain device-token-1 --user customer-42    whether this user is reached there`;

/** `devices explain`: why a push reaches a device or a user, or does not. */
export function explainCommand(console: Console): Command {
  return new Command("explain")
    .description("why a push can or can't reach a device, or a user on each of their devices")
    .argument("[token]", "any token of the device")
    .option("--user <id>", "user whom the push is for; without a token, on all devices of the user")
    .addHelpText("after", EXAMPLES)
    .action((token: string | undefined, { user }: { user?: string }, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        if (token === undefined && user === undefined)
          throw new CliFailure("Name a device token, a user with --user, or both.", exitCode.usage);
        const request = { ...app, deviceToken: token ?? "", appUserId: user ?? "" };
        const response = await gateway.devices.explainDelivery(request);
        if (json) return printJson(console, ExplainDeliveryResponseSchema, response);
        const blocks = response.explanations.map((explanation) => block(explanation, console.columns));
        if (blocks.length === 0) console.err("Nothing found: no device is, or lately was, the user's.\n");
        else console.out(blocks.join("\n"));
      }),
    );
}

function block({ deviceToken, deliverable, checks }: DeliveryExplanation, width: number | undefined): string {
  const fields = formatFields([
    ["device", deviceToken],
    ["deliverable", deliverable ? "yes" : "no"],
  ]);
  return fields + formatTable(columns, checks, width);
}
