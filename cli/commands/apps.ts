import { create } from "@bufbuild/protobuf";
import { Command } from "commander";
import type { App, Key } from "../../proto/gen/carillon/identity/v1/app_pb.js";
import {
  CreateAppResponseSchema,
  ListAppsResponseSchema,
  ListKeysResponseSchema,
} from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { type CommandContext, printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { formatMoment } from "../moment.ts";
import { type Column, formatFields } from "../table.ts";
import { revokeKeyCommand, rotateKeyCommand } from "./app-keys.ts";
import { identitySecretCommands } from "./identity-secrets.ts";
import { listAllApps } from "./list-apps.ts";
import { retentionCommand } from "./retention.ts";

const SHOWN_ONCE = `Keep the keys now: they are shown this once, and only their hashes are stored.
The api key may be in a client; the server key is a secret.
`;

const appColumns: readonly Column<App>[] = [
  { heading: "TENANT", cell: (app) => app.tenantId },
  { heading: "APP", cell: (app) => app.appId },
  { heading: "NAME", cell: (app) => app.name },
  { heading: "CREATED", cell: (app) => formatMoment(app.createTime) },
  { heading: "ALLOWED ORIGINS", cell: (app) => app.allowedOrigins.join(" ") },
];

const keyColumns: readonly Column<Key>[] = [
  { heading: "KEY ID", cell: (key) => key.keyId },
  { heading: "KIND", cell: (key) => key.kind },
  { heading: "BEGINS WITH", cell: (key) => key.prefix },
  { heading: "CREATED", cell: (key) => formatMoment(key.createTime) },
  { heading: "REVOKED", cell: (key) => formatMoment(key.revokeTime) },
];

/** `apps`: apps and their keys, with the operator token. */
export function appCommands(console: Console): Command {
  return new Command("apps")
    .description("apps and their keys (operator token)")
    .addCommand(createCommand(console))
    .addCommand(listCommand(console))
    .addCommand(rotateKeyCommand(console))
    .addCommand(revokeKeyCommand(console))
    .addCommand(identitySecretCommands(console))
    .addCommand(retentionCommand(console));
}

function createCommand(console: Console): Command {
  return new Command("create")
    .description("a new app of the tenant that --tenant names, with one key of each kind")
    .argument("<name>", "name for people")
    .option("--allowed-origin <origin...>", "web origins whose browsers may send events without a key")
    .addHelpText(
      "after",
      '\nExample:\n  carillon apps create "Web shop" --tenant acme --allowed-origin https://shop.example',
    )
    .action((name: string, options: { allowedOrigin?: string[] }, command: Command) =>
      withGateway(command, console, async ({ gateway, app: { tenantId }, json }) => {
        const response = await gateway.apps.createApp({ tenantId, name, allowedOrigins: options.allowedOrigin ?? [] });
        if (json) printJson(console, CreateAppResponseSchema, response);
        else {
          const { app, apiKey, serverKey } = response;
          const ids = [["tenant", app?.tenantId ?? ""] as const, ["app", app?.appId ?? ""] as const];
          console.out(formatFields([...ids, ["api key", apiKey], ["server key", serverKey]]));
        }
        console.err(SHOWN_ONCE);
      }),
    );
}

function listCommand(console: Console): Command {
  return new Command("list")
    .description("apps, all or those of --tenant; with --tenant and --app the keys of that app")
    .addHelpText("after", "\nExamples:\n  carillon apps list\n  carillon apps list --tenant acme --app <app>")
    .action((_options: object, command: Command) => {
      // What a local demo would fill in does not narrow the list.
      const { tenant = "", app: appId } = command.optsWithGlobals<{ tenant?: string; app?: string }>();
      return withGateway(command, console, (context) =>
        appId === undefined ? listApps(context, tenant) : listKeys(context, { tenantId: tenant, appId }),
      );
    });
}

async function listApps({ gateway, json, console }: CommandContext, tenantId: string): Promise<void> {
  const apps = await listAllApps(gateway, tenantId);
  if (json) printJson(console, ListAppsResponseSchema, create(ListAppsResponseSchema, { apps }));
  else printTable(console, appColumns, apps);
}

async function listKeys(
  { gateway, json, console }: CommandContext,
  app: { readonly tenantId: string; readonly appId: string },
): Promise<void> {
  const response = await gateway.apps.listKeys(app);
  if (json) printJson(console, ListKeysResponseSchema, response);
  else printTable(console, keyColumns, response.keys);
}
