import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { appCommands } from "./commands/apps.ts";
import { completionCommand } from "./commands/completion.ts";
import { deviceCommands } from "./commands/devices.ts";
import { eventCommands } from "./commands/events.ts";
import { profileCommands } from "./commands/profiles.ts";
import { pushCommands } from "./commands/pushes.ts";
import { verifyCommand } from "./commands/verify.ts";
import type { Console } from "./console.ts";
import { CliFailure, type ExitCode, exitCode } from "./exit-code.ts";

const DESCRIPTION = `Operates a Carillon installation through its gateway's operator API.

On the machine where "npm start" runs nothing needs to be configured: address, token and demo app are found.`;

const HELP = `
Examples:
  carillon events list --since 1h
  carillon events tail --verdict rejected
  carillon events validate event.json
  carillon profiles get customer-42
  carillon devices explain --user customer-42
  carillon verify
  carillon apps create "Web shop" --tenant acme
  carillon --url https://carillon.example --token "$TOKEN" apps list --json

Environment:
  CARILLON_URL             where the gateway is (default: this machine)
  CARILLON_HTTP_PORT       the port that a local "npm start" was given (default 8080)
  CARILLON_OPERATOR_TOKEN  operator token, or the server key of one app
  CARILLON_DATA_DIR        where a local "npm start" left its demo credentials (default ./data)

Exit status:
  0 done   1 failed   2 wrong usage   3 not found   4 not authorized   5 gateway unreachable`;

/**
 * Runs one command line.
 *
 * @param args what follows the program's name
 * @returns the exit status; failures have been told by then
 */
export async function run(args: readonly string[], console: Console): Promise<ExitCode> {
  try {
    await program(console).parseAsync(args, { from: "user" });
    return exitCode.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (!(error instanceof CliFailure)) throw error;
    console.err(`${error.message}\n`);
    return error.exitCode;
  }
}

function program(console: Console): Command {
  const root = new Command("carillon")
    .description(DESCRIPTION)
    .version(version(), "--version", "print this client's version")
    .option("--url <url>", "where the gateway is")
    .option("--token <token>", "operator token, or the server key of one app")
    .option("--tenant <id>", "tenant, with the operator token")
    .option("--app <id>", "app of that tenant, with the operator token")
    .option("--json", "print the gateway's answer as JSON, for scripts")
    .addHelpText("after", HELP)
    .addCommand(appCommands(console))
    .addCommand(deviceCommands(console))
    .addCommand(eventCommands(console))
    .addCommand(profileCommands(console))
    .addCommand(pushCommands(console))
    .addCommand(verifyCommand(console))
    .addCommand(completionCommand(console));
  for (const command of withSubcommands(root)) {
    command
      .exitOverride()
      .showHelpAfterError('("--help" shows how it is used)')
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => console.out(text),
        writeErr: (text) => console.err(text),
        getOutHelpWidth: () => console.columns ?? 100,
        getErrHelpWidth: () => console.columns ?? 100,
      });
  }
  return root;
}

function version(): string {
  const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
