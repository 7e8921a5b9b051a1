import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { freePort } from "../free-port.ts";
import { type ProcessUse, processUse } from "../process-use.ts";

/** A PostgreSQL server as it is installed: its own durable defaults, `fsync` and `synchronous_commit` on. */
export interface Postgresql {
  readonly url: string;
  readonly version: string;
  use(): ProcessUse;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Where Debian puts the server's programs, which are not on PATH there. */
const DEBIAN = "/usr/lib/postgresql";
const START_MS = 20_000;

/** The folder of `initdb` and `postgres`; undefined where PostgreSQL is not installed. */
export function findPostgresql(): string | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...debian.map((version) => join(DEBIAN, version, "bin")), ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => existsSync(join(folder, "initdb")));
}

/** Starts a server on a new, empty cluster in a folder of its own. */
export async function startPostgresql(programs: string): Promise<Postgresql> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-bench-postgresql-"));
  const user = otherUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder, stdio: ["ignore", "ignore", "inherit"] as ["ignore", "ignore", "inherit"] };
  const initdb = ["-D", join(folder, "data"), "-U", "bench", "--auth=trust", "--encoding=UTF8"];
  execFileSync(join(programs, "initdb"), initdb, options);
  const port = await freePort();
  const settings = ["-D", join(folder, "data"), "-p", String(port), "-h", "127.0.0.1", "-k", folder];
  const child = spawn(join(programs, "postgres"), settings, { ...options, stdio: "ignore" });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  for (const since = performance.now(); !(await listens(port)); ) {
    if (child.exitCode !== null || performance.now() - since > START_MS) throw new Error("PostgreSQL did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    version: execFileSync(join(programs, "postgres"), ["--version"], { encoding: "utf8" }).trim(),
    use: () => processUse(child.pid as number),
    async stop() {
      // "Fast": it does not wait for clients to leave.
      if (child.exitCode === null && child.kill("SIGINT")) await once(child, "exit");
      process.off("exit", kill);
      await rm(folder, { recursive: true });
    },
  };
}

/** PostgreSQL refuses to run as root: the user that its package made, then. */
function otherUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
