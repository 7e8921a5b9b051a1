import { Argument, Command } from "commander";
import type { App, IdentitySecret } from "../../proto/gen/carillon/identity/v1/app_pb.js";
import { AppSchema } from "../../proto/gen/carillon/identity/v1/app_pb.js";
import {
  CreateIdentitySecretResponseSchema,
  RevokeIdentitySecretResponseSchema,
  SetRequireUserSignatureResponseSchema,
} from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { printJson, printTable, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { formatMoment } from "../moment.ts";
import { type Column, formatFields } from "../table.ts";
import { findApp } from "./list-apps.ts";

const CREATE_HELP = `
The secrets that the app had stay in force: give the new one to the backend, then revoke the old one once no client holds
signatures under it any more.

Example:
  carillon apps identity-secret create --tenant acme --app <app>
  carillon apps identity-secret revoke <secret id> --tenant acme --app <app>`;

const REQUIRE_HELP = `
Before "on", see that carillon_gateway_user_signatures_total counts "valid" only: every other user would be refused.

Example:
  carillon apps identity-secret require on --tenant acme --app <app>`;

const columns: readonly Column<IdentitySecret>[] = [
  { heading: "SECRET ID", cell: (secret) => secret.secretId },
  { heading: "BEGINS WITH", cell: (secret) => secret.prefix },
  { heading: "CREATED", cell: (secret) => formatMoment(secret.createTime) },
  { heading: "REVOKED", cell: (secret) => formatMoment(secret.revokeTime) },
];

/** `apps identity-secret`: secrets by which an app's backend signs users, and whether clients must send signatures. */
export function identitySecretCommands(console: Console): Command {
  return new Command("identity-secret")
    .description("secrets that sign the users of an app's clients (user_signature)")
    .addCommand(createCommand(console))
    .addCommand(listCommand(console))
    .addCommand(revokeCommand(console))
    .addCommand(requireCommand(console));
}

function createCommand(console: Console): Command {
  return new Command("create")
    .description("a new identity secret for an app, beside those that it has")
    .addHelpText("after", CREATE_HELP)
    .action((_options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.apps.createIdentitySecret(app);
        const fields = [["secret id", response.secretId] as const, ["identity secret", response.secret] as const];
        if (json) printJson(console, CreateIdentitySecretResponseSchema, response);
        else console.out(formatFields(fields));
        console.err("Keep the secret now: it is shown this once. It is for your backend, never for a client.\n");
      }),
    );
}

function listCommand(console: Console): Command {
  return new Command("list")
    .description("the app's identity secrets, and whether signatures are required")
    .action((_options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app: named, json }) => {
        const app = await findApp(gateway, named);
        if (json) return printJson(console, AppSchema, app);
        printTable(console, columns, app.identitySecrets);
        console.err(requirement(app));
      }),
    );
}

function revokeCommand(console: Console): Command {
  return new Command("revoke")
    .description("ends an identity secret within 10 s, for good; signatures under it are no longer valid")
    .argument("<secret id>", 'the secret\'s id, not the secret; "apps identity-secret list" shows it')
    .action((secretId: string, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const response = await gateway.apps.revokeIdentitySecret({ ...app, secretId });
        if (json) printJson(console, RevokeIdentitySecretResponseSchema, response);
        else console.out(`Identity secret ${secretId} is revoked; it stops counting everywhere within 10 s.\n`);
      }),
    );
}

function requireCommand(console: Console): Command {
  return new Command("require")
    .description("whether identified events of clients need a valid user_signature")
    .addArgument(new Argument("<switch>").choices(["on", "off"]))
    .addHelpText("after", REQUIRE_HELP)
    .action((position: "on" | "off", _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app: named, json }) => {
        const requireUserSignature = position === "on";
        const response = await gateway.apps.setRequireUserSignature({ ...named, requireUserSignature });
        if (json) printJson(console, SetRequireUserSignatureResponseSchema, response);
        else console.out(requirement({ requireUserSignature }));
      }),
    );
}

function requirement({ requireUserSignature }: Pick<App, "requireUserSignature">): string {
  return `Signatures are ${requireUserSignature ? "" : "not "}required; a change counts everywhere within 10 s.\n`;
}
