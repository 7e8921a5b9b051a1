import { randomUUID } from "node:crypto";
import process from "node:process";
import { MongoClient } from "mongodb";
import { runCarillon } from "../process/run-carillon.ts";
import { startSystem } from "../system/system.ts";
import { virtualClock } from "../system/virtual-clock.ts";
import { inProcessTarget } from "./in-process-target.ts";
import { processesTarget } from "./processes-target.ts";
import type { Target } from "./target.ts";

/** Something that the model is compared with. */
export interface Engine {
  readonly name: string;
  open(): Promise<OpenEngine>;
}

export interface OpenEngine {
  /** With an app of its own. */
  newTarget(): Promise<Target>;
  close(): Promise<void>;
}

const START_MS = Date.UTC(2026, 10, 1, 12);

/** Servers of CARILLON_TEST_MONGODB_URL. */
export const mongodbUrls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");

/** The handlers in this process, on SQLite or on a MongoDB server. */
export function handlers(mongodbServer?: string): Engine {
  return {
    name: mongodbServer === undefined ? "handlers on SQLite" : `handlers on ${mongodbServer}`,
    async open() {
      const clock = virtualClock(START_MS);
      const system = await startSystem({ clock, ...newDatabase(mongodbServer) });
      return { newTarget: async () => inProcessTarget(system, clock), close: () => system.stop() };
    },
  };
}

/** Five processes, on SQLite or on a MongoDB server. */
export function fiveProcesses(mongodbServer?: string): Engine {
  return {
    name: mongodbServer === undefined ? "five processes on SQLite" : `five processes on ${mongodbServer}`,
    async open() {
      const { mongodbUrl } = newDatabase(mongodbServer);
      const limits = { CARILLON_RATE_LIMIT: "0", CARILLON_SERVER_RATE_LIMIT: "0" };
      const store = mongodbUrl === undefined ? {} : { CARILLON_DATABASE_URL: mongodbUrl };
      const processes = await runCarillon({
        script: "services/trial/main.ts",
        settings: { CARILLON_LOG_LEVEL: "error", ...limits, ...store },
      });
      return {
        newTarget: () => processesTarget({ url: processes.url, operatorToken: processes.demo.operator_token }),
        async close() {
          await processes.stop();
          if (mongodbUrl !== undefined) await dropDatabase(mongodbUrl);
        },
      };
    },
  };
}

/** The URL of a database that is not there yet. */
function newDatabase(server: string | undefined): { readonly mongodbUrl?: string } {
  if (server === undefined) return {};
  const url = new URL(server);
  url.pathname = `/carillon_model_${randomUUID().slice(0, 8)}`;
  return { mongodbUrl: url.href };
}

async function dropDatabase(url: string): Promise<void> {
  const client = await new MongoClient(url).connect();
  await client.db().dropDatabase();
  await client.close();
}
