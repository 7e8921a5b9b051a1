import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { run } from "../../../cli/run.ts";
import { completeInBash, completeInFish, hasShell, type Shell, typeInZsh } from "./shells.ts";

/** The script as `carillon completion` prints it. */
async function scriptFor(shell: Shell): Promise<string> {
  let out = "";
  const status = await run(["completion", shell], {
    env: {},
    now: () => 0,
    input: Readable.from([]),
    out: (text) => (out += text),
    err: () => undefined,
    columns: undefined,
  });
  expect(status).toBe(0);
  return out;
}

describe.runIf(hasShell("bash"))("carillon completion bash", () => {
  it("completes commands, options, and values that there are few of", async () => {
    const script = await scriptFor("bash");
    const complete = (...line: string[]) => completeInBash(script, line);
    expect(complete("ev")).toEqual(["events"]);
    expect(complete("events", "t")).toEqual(["tail"]);
    expect(complete("--json", "events", "tail", "--verd")).toEqual(["--verdict"]);
    expect(complete("events", "tail", "--verdict", "")).toEqual(["accepted", "duplicate", "rejected"]);
    expect(complete("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
    expect(complete("profiles", "")).toEqual(expect.arrayContaining(["get", "erase", "--token", "--help"]));
    expect(complete("events", "validate", "packag")).toContain("package.json");
  });

  it("takes an option's value for no command, and offers nothing for one that it cannot know", async () => {
    const script = await scriptFor("bash");
    expect(completeInBash(script, ["--tenant", "events", "ap"])).toEqual(["apps"]);
    expect(completeInBash(script, ["events", "list", "--user", ""])).toEqual([]);
  });
});

describe.runIf(hasShell("zsh"))("carillon completion zsh", () => {
  it("completes commands, options and values at a prompt", async () => {
    const typed = {
      "ev\t": "events",
      "events ta\t": "events tail",
      "--json events tail --verd\tdup\t": "--json events tail --verdict duplicate",
      "completion f\t": "completion fish",
      "--tenant events app\trot\t--kind s\t": "--tenant events apps rotate-key --kind server",
      "apps identity-secret cr\t": "apps identity-secret create",
      "events validate packag\t": "events validate package",
    };
    expect(typeInZsh(await scriptFor("zsh"), Object.keys(typed))).toEqual(Object.values(typed));
  });
});

describe.runIf(hasShell("fish"))("carillon completion fish", () => {
  it("completes commands, options and values, files only where a file belongs", async () => {
    const script = await scriptFor("fish");
    const complete = (line: string) => completeInFish(script, line);
    expect(complete("ev")).toEqual(["events"]);
    expect(complete("events t")).toEqual(["tail"]);
    expect(complete("--json events tail --verd")).toEqual(["--verdict"]);
    expect(complete("events tail --verdict ")).toEqual(["accepted", "duplicate", "rejected"]);
    expect(complete("--tenant events apps rotate-key --kind ")).toEqual(["api", "server"]);
    expect(complete("apps identity-secret ")).toEqual(["create", "list", "require", "revoke"]);
    expect(complete("completion ")).toEqual(["bash", "fish", "zsh"]);
    expect(complete("apps list --")).toContain("--help");
    expect(complete("events list ")).toEqual([]);
    expect(complete("events validate ")).toContain("package.json");
  });
});
