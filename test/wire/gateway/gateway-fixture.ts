import { Registry } from "prom-client";
import { onTestFinished } from "vitest";
import type { GatewayContext } from "../../../gateway/context.ts";
import { inProcessRateLimiter } from "../../../gateway/rate-limit/in-process-rate-limiter.ts";
import { createGateway, type Gateway } from "../../../gateway/server.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { type Fakes, fakes, fakeTransport, KEYS } from "./fake-services.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export const OPERATOR_TOKEN = "operator-token-for-tests";

/** A line of the log, as JSON. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly port: number;
  readonly url: string;
  readonly clock: VirtualClock;
  readonly services: Fakes;
  readonly log: readonly LogLine[];
  /** Posts JSON to a path. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** A gateway on a free port of loopback over fake services, on a virtual clock, without a rate limit. */
export async function runGateway(overrides: Partial<GatewayContext> = {}): Promise<RunningGateway> {
  const clock = virtualClock();
  const services = fakes();
  const log: LogLine[] = [];
  const destination = { write: (line: string) => log.push(JSON.parse(line)) };
  const logger = createLogger({ name: "gateway", level: "debug", destination });
  const transport = fakeTransport(services, createLogger({ name: "fakes", level: "silent" }));
  const gateway = await createGateway({
    transports: { ingestion: transport, identity: transport, device: transport, tracking: transport },
    ingestionReplicas: { addresses: async () => ["fake"], connect: () => ({ ...transport, close: () => undefined }) },
    rateLimiter: inProcessRateLimiter({ clock }),
    clientRateLimit: 0,
    serverRateLimit: 0,
    operatorToken: OPERATOR_TOKEN,
    trustedProxies: [],
    isReady: () => true,
    metrics: new Registry(),
    clock,
    logger,
    ...overrides,
  });
  const port = await gateway.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => gateway.close());
  const url = `http://127.0.0.1:${port}`;
  return {
    gateway,
    port,
    url,
    clock,
    services,
    log,
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
  };
}

/** A body that `POST /events` accepts. */
export function eventBody(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    tenant_id: "t1",
    api_key: KEYS.api,
    event_name: "purchase_completed",
    event_time: "2026-11-20T14:30:00+03:00",
    device_token: "tok_1",
    platform: "android",
    push_permission_granted: true,
    timezone: "Europe/Istanbul",
    language: "tr",
    country: "TR",
    session_id: "sess_1",
    ...fields,
  };
}

/** Fields and codes of a SmartAppPush error. */
export async function errorsOf(response: Response): Promise<{ field: string; code: string }[]> {
  const { errors } = (await response.json()) as { errors: { field: string; code: string; message: string }[] };
  return errors.map(({ field, code }) => ({ field, code }));
}

/** A promise and what settles it. */
export function gate<T = void>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { promise, open: resolve };
}
