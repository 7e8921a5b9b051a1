import { type Place, valueFlags } from "./places.ts";

const ZSH_BEGIN = "#compdef carillon\nautoload -U +X bashcompinit && bashcompinit\n";
/** zsh runs the file itself for the first completion of a session, which would else be one without an answer. */
const ZSH_END = '[ "$funcstack[1]" != _carillon ] || _bash_complete -F _carillon\n';

/** For bash, and for zsh by its emulation of bash's completion. */
export function bashScript(places: readonly Place[], shell: "bash" | "zsh"): string {
  const paths = places.slice(1).map(({ path }) => `"${path}"`);
  const flags = [...valueFlags(places).values()];
  const values = flags.map(({ name, choices }) => `  ${name}) ${choices.length === 0 ? "" : reply(choices)}return ;;`);
  const words = places.map(({ path, commands, options, choices, takesFile }) => {
    const names = [...commands, ...options].map(({ name }) => name);
    return `  "${path}") words="${[...choices, ...names].join(" ")}"${takesFile ? " files=yes" : ""} ;;`;
  });
  const isZsh = shell === "zsh";
  return `${isZsh ? ZSH_BEGIN : ""}_carillon() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" next="" words="" files="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
    ${flags.map(({ name }) => name).join(" | ")}) i=$((i + 1)); continue ;;
    esac
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
  [ -z "$files" ] || COMPREPLY+=($(compgen -f -- "$current"))
}
complete -F _carillon carillon
${isZsh ? ZSH_END : ""}`;
}

function reply(choices: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current")); `;
}
