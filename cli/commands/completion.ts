import { Argument, Command } from "commander";
import type { Console } from "../console.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

const HELP = `
Completion is for a command named "carillon"; in a checkout a function makes one:
  carillon() { npm run --silent --prefix /path/to/carillon carillon -- "$@"; }

Examples:
  carillon completion bash > ~/.local/share/bash-completion/completions/carillon
  carillon completion zsh > "\${fpath[1]}/_carillon"
  carillon completion fish > ~/.config/fish/completions/carillon.fish`;

/** `completion`: a script that teaches a shell the commands and options there are. */
export function completionCommand(console: Console): Command {
  return new Command("completion")
    .description("a script for completion in a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText("after", HELP)
    .action((shell: Shell, _options: object, command: Command) => {
      let root = command;
      while (root.parent !== null) root = root.parent;
      console.out(shell === "fish" ? fishScript(root) : bashScript(root, shell));
    });
}

/** What may follow a command, by its path (`events list`; empty for the program itself). */
interface Following {
  readonly path: string;
  readonly commands: readonly Command[];
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
}

function followings(root: Command): Following[] {
  const visit = (command: Command, path: readonly string[]): Following[] => {
    const options = [...command.options, ...(command === root ? [] : root.options)].map((option) => ({
      flag: option.long ?? "",
      description: option.description,
      choices: option.argChoices ?? [],
    }));
    const own = { path: path.join(" "), commands: command.commands, options };
    return [own, ...command.commands.flatMap((child) => visit(child, [...path, child.name()]))];
  };
  return visit(root, []);
}

/** For bash, and for zsh by its emulation of bash's completion. */
function bashScript(root: Command, shell: "bash" | "zsh"): string {
  const all = followings(root);
  const words = all.map(({ path, commands, options }) => {
    const names = [...commands.map((command) => command.name()), ...options.map(({ flag }) => flag), "--help"];
    return `    "${path}") words="${names.join(" ")}" ;;`;
  });
  const choices = new Map(all.flatMap(({ options }) => options.map(({ flag, choices: values }) => [flag, values])));
  const values = [...choices]
    .filter(([, known]) => known.length > 0)
    .map(([flag, known]) => `    ${flag}) COMPREPLY=($(compgen -W "${known.join(" ")}" -- "$current")); return ;;`);
  const paths = all.map(({ path }) => `"${path}"`).slice(1);
  const zsh = "#compdef carillon\nautoload -U +X bashcompinit && bashcompinit\n";
  return `${shell === "zsh" ? zsh : ""}_carillon() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" next words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
    ${paths.join(" | ")}) path="$next" ;;
    esac
  done
  case "\${COMP_WORDS[COMP_CWORD - 1]}" in
${values.join("\n")}
  esac
  case "$path" in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _carillon carillon
`;
}

function fishScript(root: Command): string {
  const lines = followings(root).flatMap(({ path, commands, options }) => {
    const names = path === "" ? [] : path.split(" ");
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`);
    const unseen = commands.map((command) => command.name()).join(" ");
    const here = [...seen, ...(unseen === "" ? [] : [`not __fish_seen_subcommand_from ${unseen}`])].join("; and ");
    const complete = `complete -c carillon -f${here === "" ? "" : ` -n ${quoted(here)}`}`;
    return [
      ...commands.map((command) => `${complete} -a ${command.name()} -d ${quoted(command.description())}`),
      ...options.map(({ flag, description, choices }) => {
        const values = choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : "";
        return `${complete} -l ${flag.slice(2)} -d ${quoted(description)}${values}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
}
