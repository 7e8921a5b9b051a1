import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const path = fileURLToPath(new URL("./probe-process.ts", import.meta.url));

/** Runs the probe, sends it the signals once it is ready, and answers how it ended. */
async function run(environment: Record<string, string>, signals: NodeJS.Signals[] = []) {
  const env = { PATH: process.env.PATH ?? "", ...environment };
  const child = spawn(process.execPath, [path], { env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (!out.includes("ready") && (out + text).includes("ready")) for (const signal of signals) child.kill(signal);
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  const messages = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { code, messages, err };
}

describe("a process", () => {
  test("stops what it started, in reverse order, on the first signal, and exits with 0", async () => {
    for (const signals of [["SIGTERM"], ["SIGINT"], ["SIGTERM", "SIGINT", "SIGTERM"]] as NodeJS.Signals[][]) {
      const { code, messages } = await run({}, signals);
      expect(code).toBe(0);
      // A signal may hold up the line that is being written, so where "stopping" stands is left open.
      expect(messages.filter((message) => message !== "stopping")).toEqual([
        "ready",
        "second stopped",
        "first stopped",
      ]);
      expect(messages).toHaveLength(4);
    }
  });

  test("exits with 1 when it could not stop something, after stopping the rest", async () => {
    const { code, messages } = await run({ CARILLON_TEST_MISBEHAVIOUR: "stop" }, ["SIGTERM"]);
    expect(code).toBe(1);
    expect(messages.at(-1)).toBe("first stopped");
  });

  test("says in one line on standard error why it cannot start, and exits with 1", async () => {
    const start = await run({ CARILLON_TEST_MISBEHAVIOUR: "start" });
    expect(start).toMatchObject({
      code: 1,
      err: "carillon: cannot start: something is not there\n",
      messages: ["first stopped"],
    });
    const settings = await run({ CARILLON_GRPC_PORT: "x", CARILLON_LOG_LEVEL: "loud" });
    expect(settings.code).toBe(1);
    expect(settings.err).toMatch(
      /^carillon: CARILLON_GRPC_PORT is "x" and should be a port .*; CARILLON_LOG_LEVEL is "loud" .*\n$/,
    );
  });

  test("logs an error that nobody caught, and exits with 1", async () => {
    const { code, messages } = await run({ CARILLON_TEST_MISBEHAVIOUR: "rejection" });
    expect(code).toBe(1);
    expect(messages).toEqual(["ready", "unhandledRejection"]);
  });
});
