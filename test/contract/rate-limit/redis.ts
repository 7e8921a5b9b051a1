import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { env, stderr } from "node:process";
import { Redis } from "ioredis";

/** A Redis for tests and what ends it. */
export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Whether a Redis can be had here. */
export const redisIsHere =
  env.CARILLON_TEST_REDIS_URL !== undefined || spawnSync("redis-server", ["--version"]).status === 0;
if (!redisIsHere) {
  stderr.write("rate limits on Redis skipped: set CARILLON_TEST_REDIS_URL or put redis-server on PATH\n");
}

/** The Redis of `CARILLON_TEST_REDIS_URL`, or one of its own on a free port that keeps nothing. */
export async function startRedis(): Promise<TestRedis> {
  if (env.CARILLON_TEST_REDIS_URL !== undefined)
    return { url: env.CARILLON_TEST_REDIS_URL, stop: async () => undefined };
  const port = await freePort();
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    {
      stdio: "ignore",
    },
  );
  const url = `redis://127.0.0.1:${port}`;
  await answering(url);
  return { url, stop: () => end(child) };
}

async function answering(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  await client.ping();
  client.disconnect();
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
