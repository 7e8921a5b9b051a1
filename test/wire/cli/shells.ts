import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest that a shell may take, in milliseconds: zsh looks through all of its completions once. */
const TIMEOUT_MS = 30_000;

export type Shell = "bash" | "zsh" | "fish";

/** Whether a shell is here; says on one line how to have it where it is not. */
export function hasShell(shell: Shell): boolean {
  const found = spawnSync(shell, ["--version"], { stdio: "ignore" }).status === 0;
  if (!found) process.stderr.write(`skipped: completion in ${shell}; put ${shell} on PATH to have it\n`);
  return found;
}

/** Has bash complete the last word of a line; what it offers. */
export function completeInBash(script: string, line: readonly string[]): string[] {
  const words = ["carillon", ...line].map((word) => `'${word}'`).join(" ");
  const source = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length}; _carillon; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return linesOf(execFileSync("bash", ["-c", source], { encoding: "utf8", timeout: TIMEOUT_MS }));
}

/** Has fish complete the last word of a line; what it offers, without the descriptions. */
export function completeInFish(script: string, line: string): string[] {
  const source = `${script}\ncomplete -C ${JSON.stringify(`carillon ${line}`)}`;
  const options = { encoding: "utf8", timeout: TIMEOUT_MS } as const;
  return linesOf(execFileSync("fish", ["--no-config", "-c", source], options)).map((offer) => offer.split("\t")[0]!);
}

// Types each line at the prompt of a zsh on a terminal of its own, and prints what the command was called with.
const AT_A_TERMINAL = `
zmodload zsh/zpty
zpty shell "env -i PATH=\${(q)PATH} TERM=dumb ZDOTDIR=\${(q)1} zsh -d -i"
shift
zpty -r shell answer '*ready: *'
for line in "$@"; do
  zpty -w shell "carillon $line"
  zpty -r shell answer '*called<*>*'
  print -r -- "\${\${answer##*called<}%%>*}"
done
zpty -d shell
`;

/** Types lines in an interactive zsh that has the script in its `fpath`, tabs and all; what the command is called with. */
export function typeInZsh(script: string, lines: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "carillon-zsh-"));
  try {
    writeFileSync(join(folder, "_carillon"), script);
    const setup = [
      "PS1='ready: ' RPS1=",
      `fpath=(${folder} $fpath)`,
      "autoload -Uz compinit && compinit -u -D",
      'carillon() { print -r -- "called<$*>" }',
    ];
    writeFileSync(join(folder, ".zshrc"), `${setup.join("\n")}\n`);
    const args = ["-f", "-c", AT_A_TERMINAL, "zsh", folder, ...lines];
    return linesOf(
      execFileSync("zsh", args, { encoding: "utf8", timeout: TIMEOUT_MS, stdio: ["ignore", "pipe", "inherit"] }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linesOf(text: string): string[] {
  return text.trimEnd() === "" ? [] : text.trimEnd().split("\n");
}
