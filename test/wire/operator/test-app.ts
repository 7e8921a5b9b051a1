import { expect } from "vitest";
import type { Answer, CarillonProcess, Json } from "./carillon-process.ts";

export const EVENTS = "ingestion.v1.EventService";
export const PROFILES = "identity.v1.ProfileService";
export const APPS = "identity.v1.AppService";
export const DEVICES = "device.v1.DeviceService";
export const PUSHES = "tracking.v1.PushService";

export const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?Z$/;
export const HOUR = 3_600_000;
const NOW = Date.now();

/** RFC 3339, so many milliseconds before these tests began. */
export function ago(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

/** A new app with everything that a test needs to fill it. */
export async function newApp(carillon: CarillonProcess) {
  const { operator_token: token } = carillon.demo;
  const created = await carillon.call(`${APPS}/CreateApp`, { tenantId: "acme", name: "shop" }, token);
  expect(created.status).toBe(200);
  const { app, apiKey, serverKey } = created.body as { app: Json; apiKey: string; serverKey: string };
  const { tenantId, appId } = app as { tenantId: string; appId: string };

  async function send(fields: Json): Promise<string> {
    const { status, body } = await carillon.post("/events", {
      tenant_id: tenantId,
      api_key: apiKey,
      event_name: "product_viewed",
      event_time: ago(HOUR),
      device_token: "d1",
      platform: "android",
      push_permission_granted: true,
      timezone: "asia/kolkata",
      language: "TR",
      country: "tr",
      session_id: "s1",
      ...fields,
    });
    expect(status, JSON.stringify(body)).toBe(200);
    return body.fingerprint as string;
  }

  async function refresh(tokens: { readonly old_token: string; readonly new_token: string }): Promise<void> {
    const credentials = { tenant_id: tenantId, api_key: apiKey };
    expect(await carillon.post("/devices/refresh-token", { ...credentials, ...tokens })).toMatchObject({ status: 200 });
  }

  /** Calls a method with the app's server key; fails unless the answer is 200. */
  async function ask(method: string, request: Json = {}): Promise<Json> {
    const { status, body } = await carillon.call(method, request, serverKey);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  }

  return {
    tenantId,
    appId,
    apiKey,
    serverKey,
    send,
    refresh,
    ask,
    call: (m: string, r: Json = {}) => carillon.call(m, r, serverKey),
  };
}

export type TestApp = Awaited<ReturnType<typeof newApp>>;

/** Every element of a list, page by page. */
export async function pages(
  app: TestApp,
  method: string,
  { field, ...request }: Json & { field: string },
): Promise<Json[]> {
  const elements: Json[] = [];
  let pageToken = "";
  do {
    const page = await app.ask(method, { ...request, pageToken });
    elements.push(...((page[field] as Json[] | undefined) ?? []));
    pageToken = (page.nextPageToken as string | undefined) ?? "";
  } while (pageToken !== "");
  return elements;
}

/** Status and code of a refusal. */
export function refusal({ status, body }: Answer): [status: number, code: unknown] {
  return [status, body.code];
}
