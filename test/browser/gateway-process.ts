import { runCarillon } from "../process/run-carillon.ts";

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
  const carillon = await runCarillon();
  const { url, demo } = carillon;

  async function call(method: string, request: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${url}/carillon.${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${demo.operator_token}` },
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
      await carillon.stop();
    },
  };
}
