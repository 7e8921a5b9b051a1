import type { Command } from "commander";

/** A place on the command line: what may follow a command, besides its own arguments' values. */
export interface Place {
  /** Names of the command and those above it (`events list`); empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly Flag[];
  /** What arguments are chosen from; none where they are anything. */
  readonly choices: readonly string[];
  /** Whether an argument is a file's name. */
  readonly takesFile: boolean;
}

export interface Flag {
  /** With its two dashes. */
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** What its value is chosen from; none where it is anything. */
  readonly choices: readonly string[];
}

const HELP: Flag = { name: "--help", description: "display help for command", takesValue: false, choices: [] };
/** What a command calls an argument that is a file's name. */
const FILE_ARGUMENT = "file";

/** Every place that a program has, the program itself first. */
export function placesOf(root: Command): Place[] {
  const visit = (command: Command, path: readonly string[]): Place[] => {
    // `--version` is told by the program itself only.
    const shared = command === root ? [] : root.options.filter(({ long }) => long !== "--version");
    const place = {
      path: path.join(" "),
      commands: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
      options: [
        ...[...command.options, ...shared].map((option) => ({
          name: option.long ?? "",
          description: option.description,
          takesValue: option.required || option.optional,
          choices: option.argChoices ?? [],
        })),
        HELP,
      ],
      choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
      takesFile: command.registeredArguments.some((argument) => argument.name() === FILE_ARGUMENT),
    };
    return [place, ...command.commands.flatMap((child) => visit(child, [...path, child.name()]))];
  };
  return visit(root, []);
}

/** All options that take a value, by their names; those of one name are the same everywhere. */
export function valueFlags(places: readonly Place[]): ReadonlyMap<string, Flag> {
  const flags = places.flatMap(({ options }) => options).filter(({ takesValue }) => takesValue);
  return new Map(flags.map((flag) => [flag.name, flag]));
}
