import { Code, ConnectError } from "@connectrpc/connect";
import { KEYS } from "../gateway/fake-services.ts";
import { runGateway } from "../gateway/gateway-fixture.ts";

/** One of the server-to-server endpoints: how to call it, and how it says what every surface must be able to say. */
export interface ServerEndpoint {
  readonly path: string;
  readonly prefix: string;
  /** Headers that carry a key, and a body that is accepted with it. */
  readonly sent: (key: string) => { readonly headers: Record<string, string>; readonly body: string };
  /** Bodies of answers, by what they say. */
  readonly says: Readonly<Record<"notFound" | "methodNotAllowed" | "tooLarge" | "overloaded" | "internal", object>>;
  readonly limited: (seconds: number, limit: number) => object;
}

const jsonHeaders = { "content-type": "application/json" };

export const serverEndpoints: readonly ServerEndpoint[] = [
  {
    path: "/api/v1/events",
    prefix: "/api/v1/",
    sent: (key) => ({
      headers: { ...jsonHeaders, "api-key": key },
      body: JSON.stringify({ event_name: "seen", profile_id: "u1" }),
    }),
    says: {
      notFound: { error: { code: 404000 } },
      methodNotAllowed: { error: { code: 405000 } },
      tooLarge: { error: { message: "Invalid data", code: 1003, details: [{ path: [] }] } },
      overloaded: { error: { code: 1001 } },
      internal: { error: { message: "Something went wrong.", code: 1001 } },
    },
    limited: () => ({ error: { code: 1004 } }),
  },
  {
    path: "/v1/events",
    prefix: "/v1/",
    sent: (key) => ({
      headers: { ...jsonHeaders, authorization: `Bearer ${key}` },
      body: JSON.stringify({ event_name: "seen", user_id: "u1" }),
    }),
    says: {
      notFound: { error: "Not Found", code: "NOT_FOUND" },
      methodNotAllowed: { error: "Method Not Allowed", code: "METHOD_NOT_ALLOWED" },
      tooLarge: { error: "Bad Request", code: "INVALID_REQUEST", details: { field: "body" } },
      overloaded: { error: "Service Unavailable", code: "SERVICE_UNAVAILABLE" },
      internal: { error: "Internal Server Error", code: "INTERNAL_ERROR" },
    },
    limited: (seconds, limit) => ({
      error: "Too Many Requests",
      message: "Rate limit exceeded",
      code: "RATE_LIMIT_EXCEEDED",
      details: { limit, window: "1 minute", retry_after: seconds },
    }),
  },
  {
    path: "/api/v1.1/pushes/post_events",
    prefix: "/api/v1.1/",
    sent: (token) => ({ headers: jsonHeaders, body: JSON.stringify({ token, events: 1, uid: "e|l|s|p" }) }),
    says: {
      notFound: { error: 8 },
      methodNotAllowed: { error: 9 },
      tooLarge: { error: 1 },
      overloaded: { error: 6 },
      internal: { error: 7 },
    },
    limited: () => ({ error: 5 }),
  },
];

/** A gateway and how to call one endpoint of it. */
export async function runEndpoint(endpoint: ServerEndpoint, overrides: Parameters<typeof runGateway>[0] = {}) {
  const running = await runGateway(overrides);
  return {
    ...running,
    call: (key: string = KEYS.server, headers: Record<string, string> = {}, body?: string) => {
      const sent = endpoint.sent(key);
      return running.post(endpoint.path, body ?? sent.body, { ...sent.headers, ...headers });
    },
  };
}

/** A handler of a service that is not there. */
export function unreachable(): never {
  throw new ConnectError("connect ECONNREFUSED 10.0.0.7:9091", Code.Unavailable);
}
