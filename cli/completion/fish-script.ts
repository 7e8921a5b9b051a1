import { type Flag, type Place, valueFlags } from "./places.ts";

/** For fish, which shows descriptions beside what it completes. */
export function fishScript(places: readonly Place[]): string {
  const paths = places.slice(1).map(({ path }) => quoted(path));
  const flags = [...valueFlags(places).keys()];
  const lines = places.flatMap(({ path, commands, options, choices, takesFile }) => {
    const here = `complete -c carillon -n ${quoted(`__carillon_at ${quoted(path)}`)}`;
    return [
      ...commands.map(({ name, description }) => `${here} -a ${name} -d ${quoted(description)}`),
      ...options.map((flag) => `${here} ${flagText(flag)}`),
      ...(choices.length === 0 ? [] : [`${here} -a ${quoted(choices.join(" "))}`]),
      ...(takesFile ? [`${here} -F`] : []),
    ];
  });
  return `function __carillon_at
    set -l path ''
    set -l skip no
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$path $word")
        if test $skip = yes
            set skip no
        else if contains -- $word ${flags.join(" ")}
            set skip yes
        else if contains -- $next ${paths.join(" ")}
            set path $next
        end
    end
    test "$path" = "$argv[1]"
end
complete -c carillon -f
${lines.join("\n")}
`;
}

function flagText({ name, description, takesValue, choices }: Flag): string {
  const value = choices.length === 0 ? " -x" : ` -x -a ${quoted(choices.join(" "))}`;
  return `-l ${name.slice(2)} -d ${quoted(description)}${takesValue ? value : ""}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
}
