import { Command } from "commander";
import type { Device } from "../../proto/gen/carillon/device/v1/device_pb.js";
import {
  GetDeviceResponseSchema,
  ListDevicesResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { noteNextPage, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { type Column, formatFields } from "../table.ts";
import { explainCommand } from "./devices-explain.ts";
import { addPagingOptions, type PagingOptions, pageRequest } from "./paging.ts";

interface ListOptions extends PagingOptions {
  readonly user?: string;
  readonly deliverable?: boolean;
}

const columns: readonly Column<Device>[] = [
  { heading: "DEVICE", cell: (device) => device.deviceToken },
  { heading: "OWNER", cell: (device) => device.ownerAppUserId || "nobody" },
  { heading: "DELIVERABLE", cell: (device) => (device.deliverable ? "yes" : "no") },
  { heading: "PERMISSION", cell: (device) => (device.pushPermissionGranted ? "granted" : "not granted") },
  { heading: "PLATFORM", cell: (device) => device.platform },
  { heading: "LANGUAGE", cell: (device) => device.language },
  { heading: "COUNTRY", cell: (device) => device.country },
  { heading: "TIME ZONE", cell: (device) => device.timezone },
];

const LIST_EXAMPLES = `
Examples:
  carillon devices list --user customer-42
  carillon devices list --no-deliverable         devices that no push can reach; "devices explain" says why`;

/** `devices`: what is known of devices. */
export function deviceCommands(console: Console): Command {
  return new Command("devices")
    .description("devices, and whom a push reaches")
    .addCommand(explainCommand(console))
    .addCommand(listCommand(console))
    .addCommand(getCommand(console));
}

function listCommand(console: Console): Command {
  const list = new Command("list")
    .description("devices of the app")
    .option("--user <id>", "owned by this user")
    .option("--deliverable", "that a push can reach")
    .option("--no-deliverable", "that no push can reach")
    .addHelpText("after", LIST_EXAMPLES)
    .action((options: ListOptions, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const { user = "", deliverable } = options;
        const filter = { ownerAppUserId: user, ...(deliverable === undefined ? {} : { deliverable }) };
        const response = await gateway.devices.listDevices({ ...app, ...pageRequest(options), ...filter });
        if (json) return printJson(console, ListDevicesResponseSchema, response);
        printTable(console, columns, response.devices);
        noteNextPage(console, response.nextPageToken);
      }),
    );
  return addPagingOptions(list);
}

function getCommand(console: Console): Command {
  return new Command("get")
    .description("one device")
    .argument("<token>", "any token that the device has had")
    .addHelpText("after", "\nExample:\n  carillon devices get device-token-1")
    .action((deviceToken: string, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.devices.getDevice({ ...app, deviceToken });
        if (json) return printJson(console, GetDeviceResponseSchema, response);
        const { device } = response;
        if (device === undefined) throw new CliFailure("The gateway answered without a device.", exitCode.failed);
        const former = device.tokens.filter((token) => token !== device.deviceToken);
        const fields = columns.map(({ heading, cell }) => [heading.toLowerCase(), cell(device)] as const);
        console.out(formatFields([...fields, ...former.map((token) => ["former token", token] as const)]));
      }),
    );
}
