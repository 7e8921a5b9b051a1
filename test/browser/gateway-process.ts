import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** An event as the operator API lists it. */
export interface StoredEvent {
  readonly fingerprint: string;
  readonly appUserId: string;
  readonly eventName: string;
  readonly eventTime: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface TestApp {
  readonly tenantId: string;
  readonly appId: string;
  readonly apiKey: string;
  /** Events that are stored, oldest first. */
  events(): Promise<StoredEvent[]>;
  /** Calls a method of the operator API for this app. */
  call(method: string, request: object): Promise<Record<string, unknown>>;
}

/** Everything in one process, as `npm start` runs it. */
export interface GatewayProcess {
  readonly url: string;
  /** A new app whose pages may have these origins. */
  createApp(allowedOrigins: readonly string[]): Promise<TestApp>;
  stop(): Promise<void>;
}

/** Starts the gateway with its services on free ports and an empty data folder. */
export async function startGatewayProcess(): Promise<GatewayProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-browser-"));
  const child = spawn(process.execPath, ["gateway/single-process.ts"], {
    cwd: new URL("../../", import.meta.url),
    env: {
      PATH: process.env.PATH,
      CARILLON_HTTP_PORT: "0",
      CARILLON_GRPC_PORT: "0",
      CARILLON_METRICS_PORT: "0",
      CARILLON_DATA_DIR: dataDir,
      CARILLON_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await readyUrl(child).catch(async (error) => {
    await rm(dataDir, { recursive: true });
    throw error;
  });
  const { operator_token: operatorToken } = JSON.parse(await readFile(join(dataDir, "demo-app.json"), "utf8"));

  async function call(method: string, request: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${url}/carillon.${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${operatorToken}` },
      body: JSON.stringify(request),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  return {
    url,
    async createApp(allowedOrigins) {
      const request = { tenantId: "browsers", name: "pages", allowedOrigins };
      const { app, apiKey } = (await call("identity.v1.AppService/CreateApp", request)) as {
        app: { tenantId: string; appId: string };
        apiKey: string;
      };
      const { tenantId, appId } = app;
      return {
        tenantId,
        appId,
        apiKey,
        call: (method, request) => call(method, { tenantId, appId, ...request }),
        async events() {
          const page = { tenantId, appId, pageSize: 1_000 };
          const { events = [] } = (await call("ingestion.v1.EventService/ListEvents", page)) as {
            events?: StoredEvent[];
          };
          return events.sort((one, other) => Date.parse(one.eventTime) - Date.parse(other.eventTime));
        },
      };
    },
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      await rm(dataDir, { recursive: true });
    },
  };
}

async function readyUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^Carillon is ready: (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    // Whatever else it prints must not fill the pipe.
    child.stdout!.resume();
    return url;
  }
  throw new Error("the gateway ended before it was ready");
}
