import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What happens to a POST instead of reaching the gateway and being answered. */
export type Fault =
  /** The connection ends before the gateway sees the request. */
  | { readonly kind: "refused" }
  /** The gateway has the request, the browser never has its answer. */
  | { readonly kind: "answer_lost" }
  /** An overloaded gateway; `retryAfterSeconds` as its `Retry-After` says. */
  | { readonly kind: "overloaded"; readonly retryAfterSeconds: number }
  /** Something on the way answers in the gateway's place, as the sign-in page of a network does. */
  | { readonly kind: "intercepted" };

/** A POST that a page sent. */
export interface Sent {
  readonly path: string;
  readonly body: string;
  /** Whether a fault met it. */
  readonly isFailed: boolean;
  /** When it arrived and, once it has, when its answer left or the connection was ended; milliseconds. */
  readonly arrivedMs: number;
  answeredMs?: number;
}

/** The gateway behind a network that can fail. */
export interface FaultyGateway {
  readonly url: string;
  readonly sent: readonly Sent[];
  /** How often a browser asked whether it may send. */
  preflights(): number;
  /** Ids of the events that were sent, as often as they were. */
  sentEventIds(): string[];
  /** From now on; undefined: nothing fails. */
  fail(fault: Fault | undefined): void;
  close(): Promise<void>;
}

/** Puts itself between pages and the gateway, on a port of its own. */
export async function startFaultyGateway(gatewayUrl: string): Promise<FaultyGateway> {
  const sent: Sent[] = [];
  let fault: Fault | undefined;
  let preflights = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method, headers, url: path = "/" } = request;
    const failing = method === "POST" ? fault : undefined;
    const noted: Sent = { path, body: body.toString(), isFailed: failing !== undefined, arrivedMs: Date.now() };
    if (method === "POST") sent.push(noted);
    if (method === "OPTIONS") preflights++;
    switch (failing?.kind) {
      case "refused":
        response.destroy();
        break;
      case "overloaded":
        response.writeHead(503, {
          "Retry-After": failing.retryAfterSeconds,
          "Access-Control-Allow-Origin": "*",
          "Access-Control-Expose-Headers": "Retry-After",
        });
        response.end("{}");
        break;
      case "intercepted":
        response.writeHead(200, { "Content-Type": "text/html", "Access-Control-Allow-Origin": "*" });
        response.end("<!doctype html>Sign in to this network");
        break;
      default: {
        const passed = forward(`${gatewayUrl}${path}`, { method: method ?? "GET", headers });
        passed.end(body);
        const [answer] = (await once(passed, "response")) as [IncomingMessage];
        const content = await buffer(answer);
        if (failing?.kind === "answer_lost") response.destroy();
        else response.writeHead(answer.statusCode ?? 500, answer.headers).end(content);
      }
    }
    noted.answeredMs = Date.now();
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => response.destroy(error));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    preflights: () => preflights,
    sentEventIds: () =>
      sent
        .filter(({ path }) => path === "/v1/web/events")
        .flatMap(({ body }) => (JSON.parse(body).events as { event_id: string }[]).map(({ event_id }) => event_id)),
    fail(next) {
      fault = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
