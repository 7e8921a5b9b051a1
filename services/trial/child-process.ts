import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import type { Lifecycle } from "../runtime/lifecycle.ts";

const endWithParent = new URL("./end-with-parent.ts", import.meta.url).href;

export interface ChildOptions {
  readonly name: string;
  /** Path of the script that Node runs. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly lifecycle: Lifecycle;
  /** Called when the process ends although nobody stopped it; where it resolves, the process is started again. */
  readonly onUnexpectedEnd: (end: string) => Promise<void>;
}

/** Runs a Node process whose output is ours; the lifecycle stops it and waits for its end. It does not outlive us. */
export function runChild({ name, script, environment, lifecycle, onUnexpectedEnd }: ChildOptions): void {
  let stopping = false;
  let child = begin();
  lifecycle.onStop(name, async () => {
    stopping = true;
    const ended = once(child, "exit");
    const runs = child.exitCode === null && child.signalCode === null;
    if (runs) child.kill("SIGTERM");
    const [status, signal] = runs ? await ended : [child.exitCode, child.signalCode];
    // One that was still starting has nothing to finish, and SIGTERM ends it.
    if (status !== 0 && signal !== "SIGTERM") throw new Error(`${name} ended with status ${status}`);
  });

  function begin(): ChildProcess {
    const begun = spawn(process.execPath, ["--import", endWithParent, script], {
      env: environment,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    begun.once("exit", async (status, signal) => {
      if (stopping) return;
      await onUnexpectedEnd(signal === null ? `ended with status ${status}` : `was ended by ${signal}`);
      if (!stopping) child = begin();
    });
    return begun;
  }
}
