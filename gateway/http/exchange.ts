import type { FastifyReply, FastifyRequest } from "fastify";
import type { Answer, LogLevel } from "../surfaces/answer.ts";
import type { RequestHead } from "../surfaces/surface.ts";

/** One request and what the log will say about its answer. */
export interface Exchange {
  /** Replaced where more becomes known of the request. */
  head: RequestHead;
  /** Whose request it is: a surface's name, "operator" or "health". */
  surface: string;
  /** "none" until there is an answer: a client that left before is logged so. */
  verdict: string;
  logLevel: LogLevel;
  /** Aborts when the process stops: answers then say that their connection ends. */
  readonly draining: AbortSignal;
}

declare module "fastify" {
  interface FastifyRequest {
    exchange: Exchange;
  }
}

/** Sends an answer; all of them pass through here. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  request.exchange.verdict = answer.verdict;
  request.exchange.logLevel = answer.logLevel;
  reply.code(answer.status).header("Content-Type", answer.contentType);
  if (answer.headers !== undefined) reply.headers(answer.headers);
  announceEnd(request, reply);
  if (answer.retryAfterSeconds !== undefined) reply.header("Retry-After", answer.retryAfterSeconds);
  return reply.send(answer.payload);
}

/** Says, while the process stops, that the connection ends with this answer. HTTP/2 has no such header, but a frame. */
export function announceEnd(request: FastifyRequest, reply: FastifyReply): void {
  if (request.raw.httpVersionMajor === 2) reply.removeHeader("Connection");
  else if (request.exchange.draining.aborted) reply.header("Connection", "close");
}
