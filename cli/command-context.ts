import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import type { Command } from "commander";
import type { Console } from "./console.ts";
import { connectGateway, type Gateway } from "./gateway.ts";
import { failureOf } from "./refusal.ts";
import { type GlobalOptions, readSettings } from "./settings.ts";
import { type Column, formatTable } from "./table.ts";

/** What a command works with once its options are read. */
export interface CommandContext {
  readonly gateway: Gateway;
  /** The app that requests name; empty strings with a server key, which has an app of its own. */
  readonly app: { readonly tenantId: string; readonly appId: string };
  /** Whether scripts read the output. */
  readonly json: boolean;
  readonly console: Console;
}

/**
 * Runs a command's work against the gateway that its options name.
 *
 * @throws {CliFailure} for what the gateway or the options refuse
 */
export async function withGateway(
  command: Command,
  console: Console,
  work: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const settings = readSettings(options, console.env);
  const { tenantId, appId } = settings;
  try {
    await work({ gateway: connectGateway(settings), app: { tenantId, appId }, json: options.json === true, console });
  } catch (error) {
    throw error instanceof ConnectError ? failureOf(error, settings) : error;
  }
}

/** Prints the gateway's answer as JSON by the rules of proto3, with the fields that have their default value. */
export function printJson<D extends DescMessage>(console: Console, schema: D, answer: MessageShape<D>): void {
  console.out(`${JSON.stringify(toJson(schema, answer, { alwaysEmitImplicit: true }), null, 2)}\n`);
}

/** Prints a message of a stream as one line of JSON. */
export function printJsonLine<D extends DescMessage>(console: Console, schema: D, message: MessageShape<D>): void {
  console.out(`${JSON.stringify(toJson(schema, message, { alwaysEmitImplicit: true }))}\n`);
}

/** Prints rows as a table, or a line that there are none. */
export function printTable<Row>(console: Console, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  if (rows.length === 0) console.err("Nothing found.\n");
  else console.out(formatTable(columns, rows, console.columns));
}

/** Says how to see what follows, if anything does. */
export function noteNextPage(console: Console, nextPageToken: string): void {
  if (nextPageToken !== "") console.err(`There is more: repeat the command with --page-token ${nextPageToken}\n`);
}
