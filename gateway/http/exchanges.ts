import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Registry } from "prom-client";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Logger } from "../../services/runtime/log.ts";
import type { Surface } from "../surfaces/surface.ts";
import type { ClientErrors } from "./client-error.ts";
import { ANY_ORIGIN_HEADERS } from "./cors.ts";
import { everyAnswerHeaders } from "./every-answer.ts";
import { sendAnswer } from "./exchange.ts";
import { requestIdOf } from "./request-id.ts";
import { requestMeasurements } from "./request-measurements.ts";
import { pathOf, unservedFault } from "./unserved.ts";

/**
 * How long a sender waits for an answer, in milliseconds: one call to ingestion (up to 4 s) and a retry. Mobile clients
 * give up after about 10 s, and an answer that nobody waits for is an event sent twice.
 */
const REQUEST_BUDGET_MS = 5_000;
/** Longest part of an unknown path that is logged, in UTF-16 units. */
const MAX_LOGGED_PATH = 128;
/** A key, an operator token or an identity secret, by its mark: somebody may have put one into a path by mistake. */
const CREDENTIAL = /c(?:pk|sk|ot|is)_[\w-]+/g;
/** Logged in place of a status where nobody was left to be answered; nginx's number for it. */
const CLIENT_GONE = 499;

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly errors: ClientErrors;
  /** Aborts when the process stops: connections end with the answers that are due. */
  readonly draining: AbortSignal;
  /** Methods of a path as `Allow` names them; undefined where nothing is served there. */
  readonly methodsOf: (path: string) => string | undefined;
  /** Who answers for a path that nothing is served at. */
  readonly shapeOf: (path: string) => Pick<Surface, "name" | "answerFault">;
}

/**
 * What all requests have in common: an id, a deadline, one log line, and 404 or 405 before anything is read.
 * Answers how requests are answered whose target could not even be routed.
 */
export function registerExchanges(
  app: FastifyInstance,
  options: ExchangeOptions,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const { clock, errors, draining } = options;
  // These lines hold nothing but what is named below; looking for secrets in each would cost as much as the request.
  const logger = options.logger.child({}, { redact: [] });
  const measure = requestMeasurements(options.metrics);

  function begin(request: FastifyRequest, reply: FastifyReply): void {
    const nowMs = clock.now();
    const { raw } = request;
    // Requests that could not be routed come here without the id that the others have.
    const requestId = request.id ?? requestIdOf(raw);
    const head = {
      path: pathOf(raw.url ?? ""),
      headers: raw.headers,
      requestId,
      receivedMs: nowMs,
      deadlineMs: nowMs + REQUEST_BUDGET_MS,
    };
    request.exchange = { head, surface: "none", verdict: "none", logLevel: "info", draining };
    if (isHttp1(raw)) errors.begin(raw, requestId);
    // Comes after the last byte of the answer, and also when the sender leaves before that.
    reply.raw.once("close", () => end(request, reply));
    reply.headers(everyAnswerHeaders(requestId));
  }

  function end(request: FastifyRequest, reply: FastifyReply): void {
    discardRest(request.raw);
    // Connections of HTTP/2 hold several requests, and end by themselves.
    if (isHttp1(request.raw)) {
      errors.end(request.raw);
      if (draining.aborted) request.raw.socket.destroySoon();
    }
    // What the sender that left has sent may be stored all the same.
    const isAnswered = reply.raw.writableFinished;
    if (!isAnswered) request.exchange.verdict = "client_gone";
    log(request, isAnswered ? reply.statusCode : CLIENT_GONE);
  }

  function log(request: FastifyRequest, status: number): void {
    const { head, surface, verdict, logLevel } = request.exchange;
    const path = head.path.replaceAll(CREDENTIAL, "[redacted]").slice(0, MAX_LOGGED_PATH);
    const ms = clock.now() - head.receivedMs;
    logger[logLevel](
      { requestId: head.requestId, method: request.raw.method, path, surface, verdict, status, ms },
      "request",
    );
    // Paths that nobody serves are the senders' choice, and endless.
    const endpoint = options.methodsOf(head.path) === undefined ? "none" : head.path;
    measure({ surface, endpoint, verdict, status, ms });
  }

  /** 404, or 405 where the path is served with other methods. */
  function answerUnserved(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { head } = request.exchange;
    const shape = options.shapeOf(head.path);
    request.exchange.surface = shape.name;
    const fault = unservedFault(options.methodsOf(head.path));
    // A browser's script is to see what went wrong, not that its origin is unwelcome.
    reply.headers(ANY_ORIGIN_HEADERS);
    return sendAnswer(request, reply, shape.answerFault(fault, head));
  }

  function answerHostless(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { head } = request.exchange;
    const shape = options.shapeOf(head.path);
    request.exchange.surface = shape.name;
    const fault = { kind: "malformed", message: "the request has no Host header" } as const;
    return sendAnswer(request, reply, shape.answerFault({ kind: "unreadable", fault }, head));
  }

  app.decorateRequest("exchange");
  // Whoever takes bodies reads them; all others are left where they are.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    const { head } = request.exchange;
    const { statusCode = 500 } = error as { statusCode?: number };
    if (statusCode < 500) {
      const fault = { kind: "malformed", message: "the request cannot be read" } as const;
      return sendAnswer(request, reply, options.shapeOf(head.path).answerFault({ kind: "unreadable", fault }, head));
    }
    logger.error({ err: error, requestId: head.requestId }, "request failed");
    return sendAnswer(request, reply, options.shapeOf(head.path).answerFault({ kind: "internal" }, head));
  });
  app.addHook("onRequest", async (request, reply) => {
    begin(request, reply);
    // RFC 9112 section 3.2: Node would answer this itself, without what every answer carries.
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") return answerHostless(request, reply);
    if (request.is404) return answerUnserved(request, reply);
  });
  return (request, reply) => {
    begin(request, reply);
    answerUnserved(request, reply);
  };
}

/**
 * Reads what is left of the body of an answered request, so that the next one on the connection is not stuck behind it.
 * Node does so for bodies that nobody began to read; one whose reading was given up would hold the connection.
 */
function discardRest(message: IncomingMessage): void {
  if (message.readableEnded) return;
  // Where an iterator was abandoned, these keep the stream from flowing.
  message.removeAllListeners("readable");
  message.resume();
}

function isHttp1(message: IncomingMessage): boolean {
  return message.httpVersionMajor === 1;
}
