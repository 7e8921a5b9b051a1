import { Command, Option } from "commander";
import type { Key } from "../../proto/gen/carillon/identity/v1/app_pb.js";
import {
  CreateKeyResponseSchema,
  RevokeKeyResponseSchema,
} from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { printJson, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import type { GlobalOptions } from "../settings.ts";
import { formatFields } from "../table.ts";

const ROTATE_HELP = `
The keys that the app had stay in force: give the new one to whoever uses the old one, then revoke the old one.

Example:
  carillon apps rotate-key --kind server --tenant acme --app <app>
  carillon apps list --tenant acme --app <app>
  carillon apps revoke-key <key id> --tenant acme --app <app>`;

/** `apps rotate-key`: the first half of a rotation without an outage; revoking is the second. */
export function rotateKeyCommand(console: Console): Command {
  return new Command("rotate-key")
    .description("a new key for an app, beside those that it has")
    .addOption(new Option("--kind <kind>", "which kind of key").choices(["api", "server"]).makeOptionMandatory())
    .addHelpText("after", ROTATE_HELP)
    .action(({ kind }: { kind: "api" | "server" }, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.apps.createKey({ ...app, kind });
        const fields = [["key id", response.keyId] as const, [`${kind} key`, response.key] as const];
        if (json) printJson(console, CreateKeyResponseSchema, response);
        else console.out(formatFields(fields));
        console.err("Keep the key now: it is shown this once, and only its hash is stored.\n");
        const { keys } = await gateway.apps.listKeys(app);
        const older = keys.filter((key) => isActive(key, kind) && key.keyId !== response.keyId);
        if (older.length === 0) return;
        console.err("Still in force; end each once nobody uses it any more:\n");
        for (const { keyId, prefix } of older) {
          console.err(`  carillon apps revoke-key ${keyId}${namedApp(command)}    (${prefix}...)\n`);
        }
      }),
    );
}

/** `apps revoke-key`: ends one key. */
export function revokeKeyCommand(console: Console): Command {
  return new Command("revoke-key")
    .description("ends a key within 10 s, for good")
    .argument("<key id>", 'the key\'s id, not the key; "apps list --tenant … --app …" shows it')
    .action((keyId: string, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.apps.revokeKey({ ...app, keyId });
        if (json) printJson(console, RevokeKeyResponseSchema, response);
        else console.out(`Key ${keyId} is revoked; it stops working everywhere within 10 s.\n`);
        const { keys } = await gateway.apps.listKeys(app);
        const kind = keys.find((key) => key.keyId === keyId)?.kind;
        if (kind === undefined || keys.some((key) => isActive(key, kind))) return;
        const next = `carillon apps rotate-key --kind ${kind}${namedApp(command)}`;
        console.err(`The app has no ${kind} key left; "${next}" makes one.\n`);
      }),
    );
}

/** The options that named the app, for a command that is to be about the same one; none where it was the local demo's. */
function namedApp(command: Command): string {
  const { tenant, app } = command.optsWithGlobals<GlobalOptions>();
  return tenant === undefined || app === undefined ? "" : ` --tenant ${tenant} --app ${app}`;
}

function isActive(key: Key, kind: string): boolean {
  return key.kind === kind && key.revokeTime === undefined;
}
