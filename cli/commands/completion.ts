import { Argument, Command } from "commander";
import { bashScript } from "../completion/bash-script.ts";
import { fishScript } from "../completion/fish-script.ts";
import { placesOf } from "../completion/places.ts";
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
      const places = placesOf(root);
      console.out(shell === "fish" ? fishScript(places) : bashScript(places, shell));
    });
}
