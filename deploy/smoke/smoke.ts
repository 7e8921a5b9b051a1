import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** How often a gateway that is not ready is asked again, and how often in all: two minutes. */
const ASK_EVERY_MS = 1_000;
const ASK_TIMES = 120;
/** Milliseconds that one request may take. */
const TIMEOUT_MS = 10_000;
const TENANT = "smoke";

/** The calls that the test makes. */
export interface GatewayCalls {
  /** Whether `/readyz` says so. */
  ready(): Promise<boolean>;
  /** Sends an event to the public endpoint; answers its fingerprint. */
  sendEvent(event: Readonly<Record<string, unknown>>): Promise<string>;
  /** Calls the operator API, e.g. `carillon.identity.v1.AppService/ListApps`. */
  operator(method: string, request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
}

/** Calls over HTTP to the gateway at a base URL. */
export function createGatewayCalls(options: { readonly url: string; readonly operatorToken: string }): GatewayCalls {
  const { url, operatorToken } = options;

  async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  return {
    ready: () =>
      fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
        ({ ok }) => ok,
        () => false,
      ),
    async sendEvent(event) {
      const { fingerprint } = await post("/events", event);
      return String(fingerprint);
    },
    operator: (method, request) => post(`/${method}`, request, { authorization: `Bearer ${operatorToken}` }),
  };
}

/**
 * One event through the whole system.
 *
 * @throws Error saying what went wrong: not ready within two minutes, a request refused, or another event read back
 */
export async function smoke(
  calls: GatewayCalls,
): Promise<{ readonly fingerprint: string; readonly appUserId: string }> {
  await untilReady(calls);
  const app = { tenantId: TENANT, appId: await smokeApp(calls) };
  const created = await calls.operator("carillon.identity.v1.AppService/CreateKey", { ...app, kind: "api" });
  try {
    const appUserId = `smoke-${randomUUID()}`;
    const fingerprint = await calls.sendEvent(eventOf(appUserId, String(created.key)));
    const { event } = await calls.operator("carillon.ingestion.v1.EventService/GetEvent", { ...app, fingerprint });
    const read = event as { readonly appUserId?: unknown } | undefined;
    if (read?.appUserId !== appUserId) throw new Error(`sent an event of ${appUserId}, read ${JSON.stringify(event)}`);
    return { fingerprint, appUserId };
  } finally {
    await calls.operator("carillon.identity.v1.AppService/RevokeKey", { ...app, keyId: created.keyId });
  }
}

async function untilReady(calls: GatewayCalls): Promise<void> {
  for (let asked = 0; asked < ASK_TIMES; asked++) {
    if (await calls.ready()) return;
    await sleep(ASK_EVERY_MS);
  }
  throw new Error(`the gateway was not ready after ${(ASK_TIMES * ASK_EVERY_MS) / 1_000} s`);
}

/** The tenant's first app, created where there is none. */
async function smokeApp(calls: GatewayCalls): Promise<string> {
  const { apps } = await calls.operator("carillon.identity.v1.AppService/ListApps", { tenantId: TENANT, pageSize: 1 });
  const [known] = (apps ?? []) as { readonly appId: string }[];
  if (known !== undefined) return known.appId;
  const { app } = await calls.operator("carillon.identity.v1.AppService/CreateApp", {
    tenantId: TENANT,
    name: "smoke",
  });
  return (app as { readonly appId: string }).appId;
}

function eventOf(appUserId: string, apiKey: string): Readonly<Record<string, unknown>> {
  return {
    tenant_id: TENANT,
    api_key: apiKey,
    app_user_id: appUserId,
    event_name: "smoke_test",
    event_time: new Date().toISOString(),
    device_token: `smoke-${randomUUID()}`,
    platform: "web",
    push_permission_granted: false,
    timezone: "UTC",
    language: "en",
    country: "US",
    session_id: randomUUID(),
    params: {},
  };
}
