import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { processUse } from "../process-use.ts";
import type { Target } from "../target.ts";
import { findPostgresql, startPostgresql } from "./postgresql.ts";

/** The release that is compared. It is no dependency: it is installed where caches are, when it is asked for. */
export const VERSION = "9.10.0";
const FOLDER = fileURLToPath(new URL(`../../../../node_modules/.cache/parse-server-${VERSION}`, import.meta.url));
const PROGRAM = join(FOLDER, "node_modules/parse-server/bin/parse-server");
const MASTER_KEY = "bench-master-key";
const APP_ID = "bench";
const READY_WITHIN_MS = 60_000;

/** What is missing to run it, as a line that says how to have it; undefined where nothing is. */
export function missing(): string | undefined {
  if (findPostgresql() === undefined) return "PostgreSQL is not installed: apt-get install postgresql";
  if (existsSync(PROGRAM)) return undefined;
  return `parse-server is not installed: npm install --prefix ${FOLDER} parse-server@${VERSION}`;
}

/**
 * parse-server on PostgreSQL, both with their own defaults; every event is an object of the class Event.
 *
 * @param processes 1, or more of them sharing the port (its option `--cluster`)
 */
export async function startParseServer(processes: number): Promise<Target> {
  const postgresql = await startPostgresql(findPostgresql() as string);
  const folder = await mkdtemp(join(tmpdir(), "carillon-bench-parse-"));
  // Processes that run already learn of a new class late, so a first one makes it.
  const first = await start({ databaseUrl: postgresql.url, folder, processes: 1 });
  await createClass(first.url);
  await first.stop();
  const { url, port, pid, stop } = await start({ databaseUrl: postgresql.url, folder, processes });
  return {
    port,
    request: { path: "/parse/classes/Event", headers: { "X-Parse-Application-Id": APP_ID } },
    use() {
      const [server, database] = [processUse(pid), postgresql.use()];
      return {
        cpuSeconds: server.cpuSeconds + database.cpuSeconds,
        rssBytes: server.rssBytes + database.rssBytes,
        peakRssBytes: server.peakRssBytes + database.peakRssBytes,
      };
    },
    async stopAndCount() {
      const stored = await countObjects(url);
      await stop();
      await postgresql.stop();
      return stored;
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

async function start(options: { databaseUrl: string; folder: string; processes: number }) {
  const { databaseUrl, folder, processes } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/parse`;
  const settings = ["--appId", APP_ID, "--masterKey", MASTER_KEY, "--databaseURI", databaseUrl];
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--serverURL", url];
  const cluster = processes > 1 ? ["--cluster", String(processes)] : [];
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(process.execPath, [PROGRAM, ...settings, ...listen, ...cluster], {
    cwd: folder,
    stdio: ["ignore", log, log],
    env: { ...process.env, NODE_ENV: "production" },
  });
  closeSync(log);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  await untilReady(url, () => child.exitCode !== null);
  return {
    url,
    port,
    pid: child.pid as number,
    async stop() {
      if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit");
      process.off("exit", kill);
    },
  };
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  for (const since = performance.now(); ; ) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok === true && (await answer.text()).includes('"ok"')) return;
    if (hasEnded() || performance.now() - since > READY_WITHIN_MS) throw new Error("parse-server did not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const asMaster = {
  "Content-Type": "application/json",
  "X-Parse-Application-Id": APP_ID,
  "X-Parse-Master-Key": MASTER_KEY,
};

/** The class beforehand, as one does in production, so that no event has to find out about new columns. */
async function createClass(url: string): Promise<void> {
  const text = { type: "String" };
  const fields = {
    ...{ app_user_id: text, event_name: text, event_time: text, device_token: text, platform: text, timezone: text },
    ...{ language: text, country: text, session_id: text },
    push_permission_granted: { type: "Boolean" },
    params: { type: "Object" },
  };
  const body = JSON.stringify({ className: "Event", fields });
  const answer = await fetch(`${url}/schemas/Event`, { method: "POST", headers: asMaster, body });
  if (!answer.ok) throw new Error(`parse-server made no class: ${await answer.text()}`);
}

async function countObjects(url: string): Promise<number> {
  // Without a condition it answers PostgreSQL's estimate.
  const where = encodeURIComponent('{"objectId":{"$exists":true}}');
  const answer = await fetch(`${url}/classes/Event?count=1&limit=0&where=${where}`, { headers: asMaster });
  const { count } = (await answer.json()) as { count?: number };
  if (count === undefined) throw new Error(`parse-server did not count: ${answer.status}`);
  return count;
}
