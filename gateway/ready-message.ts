import { join } from "node:path";
import { urlHost } from "../services/runtime/url-host.ts";

export interface ReadyMessageOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  /** The demo app, if there is one. */
  readonly app: { readonly tenantId: string; readonly apiKey: string } | undefined;
  /** Milliseconds since 1970, for the example's event time. */
  readonly now: number;
}

/** What a trial prints when it is ready: where it listens, and a first request that works when it is pasted. */
export function readyMessage({
  host,
  httpPort,
  grpcPort,
  metricsPort,
  dataDir,
  app,
  now,
}: ReadyMessageOptions): string {
  const address = urlHost(host);
  const url = `http://${address}:${httpPort}`;
  const lines = [
    "",
    `Carillon is ready: ${url} (gRPC ${address}:${grpcPort}, metrics http://${address}:${metricsPort}/metrics)`,
    `Credentials are in ${join(dataDir, "demo-app.json")}.`,
  ];
  if (app !== undefined) lines.push("Send a first event:", "", curlCommand(url, { ...app, now }));
  return `${lines.join("\n")}\n\n`;
}

function curlCommand(
  url: string,
  { tenantId, apiKey, now }: { readonly tenantId: string; readonly apiKey: string; readonly now: number },
): string {
  const event = {
    tenant_id: tenantId,
    api_key: apiKey,
    app_user_id: "user_1",
    event_name: "app_opened",
    event_time: new Date(now).toISOString(),
    device_token: "first-device",
    platform: "android",
    push_permission_granted: true,
    timezone: "Europe/Istanbul",
    language: "tr",
    country: "TR",
    session_id: "first-session",
    params: { source: "organic" },
  };
  return `curl -X POST ${url}/events -H 'Content-Type: application/json' -d '${JSON.stringify(event)}'`;
}
