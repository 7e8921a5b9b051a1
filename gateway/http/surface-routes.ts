import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Cidr } from "../../services/runtime/config-fields.ts";
import type { RateLimiter, RateLimitRule } from "../rate-limit/rate-limiter.ts";
import { type Fault, overloadedFault, RequestFault } from "../surfaces/fault.ts";
import type { Endpoint, Surface } from "../surfaces/surface.ts";
import { rateLimitAddress } from "./client-address.ts";
import { ANY_ORIGIN_HEADERS, preflightHeaders } from "./cors.ts";
import { sendAnswer } from "./exchange.ts";
import { acceptAnyBody, receptionFault } from "./request-body.ts";

/** Methods of every endpoint, as `Allow` names them. */
export const ENDPOINT_METHODS = "POST, OPTIONS";
/** Window of the limit by address: its unit is requests a second. */
export const CLIENT_WINDOW_MS = 1_000;
/**
 * Age of the oldest waiting work, in milliseconds, from which on new work is refused unread: a request has 5 s, and
 * one that waited this long still has its call and a retry before it.
 */
const SHED_QUEUE_AGE_MS = 1_500;
/** Made once, because making an error takes its stack down. */
const SHED = overloadedFault();
const EMPTY_BODY = new Uint8Array();

export interface SurfaceRoutesOptions {
  readonly surface: Surface;
  readonly rateLimiter: RateLimiter;
  /** Requests a second per client address and endpoint; 0 = off. */
  readonly clientRateLimit: number;
  readonly trustedProxies: readonly Cidr[];
  readonly clock: Clock;
}

/** Serves a surface's endpoints. */
export async function registerSurface(app: FastifyInstance, options: SurfaceRoutesOptions): Promise<void> {
  const { surface } = options;
  await app.register((scope, _options, done) => {
    acceptAnyBody(scope);
    scope.addHook("onRequest", async (request) => {
      request.exchange.surface = surface.name;
    });
    scope.setErrorHandler((error, request, reply) => {
      const fault = faultOf(error, request);
      if (fault.kind === "internal") request.log.error({ err: error, requestId: request.id }, "request failed");
      return sendAnswer(request, reply, surface.answerFault(fault, request.exchange.head));
    });
    for (const endpoint of surface.endpoints) registerEndpoint(scope, endpoint, options);
    done();
  });
}

function registerEndpoint(scope: FastifyInstance, endpoint: Endpoint, options: SurfaceRoutesOptions): void {
  const rule: RateLimitRule = {
    name: endpoint.rateLimitName ?? endpoint.path,
    limit: options.clientRateLimit,
    windowMs: CLIENT_WINDOW_MS,
  };
  const isForClients = endpoint.audience === "client";

  /** Everything that can be refused before the body is read. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isForClients) reply.headers(ANY_ORIGIN_HEADERS);
    if (endpoint.queueAgeMs() > SHED_QUEUE_AGE_MS) throw SHED;
    if (!isForClients || rule.limit === 0) return;
    const address = rateLimitAddress(
      { remoteAddress: request.raw.socket.remoteAddress, forwardedFor: forwardedFor(request) },
      options.trustedProxies,
    );
    const decision = await options.rateLimiter.consume(rule, address);
    request.exchange.head = { ...request.exchange.head, rateLimit: decision };
    const { allowed, limit, resetMs } = decision;
    if (allowed) return;
    const waitMs = resetMs - options.clock.now();
    throw new RequestFault({ kind: "rate_limited", limit, windowMs: rule.windowMs, waitMs });
  }

  scope.post(endpoint.path, { onRequest: admit }, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : EMPTY_BODY;
    return sendAnswer(request, reply, await endpoint.handle({ ...request.exchange.head, body }));
  });
  scope.options(endpoint.path, async (request, reply) => {
    request.exchange.verdict = "preflight";
    if (isForClients) {
      reply.headers(ANY_ORIGIN_HEADERS);
      reply.headers(preflightHeaders(request.headers["access-control-request-headers"]));
    }
    return reply.code(204).header("Allow", ENDPOINT_METHODS).send();
  });
}

function forwardedFor(request: FastifyRequest): string | undefined {
  const header = request.headers["x-forwarded-for"];
  return Array.isArray(header) ? header.join(",") : header;
}

function faultOf(error: unknown, request: FastifyRequest): Fault {
  if (error instanceof RequestFault) {
    // The fault's own cause is ours to see: what could not be reached, or what was refused.
    if (error.cause !== undefined) request.log.warn({ err: error.cause, requestId: request.id }, error.message);
    return error.fault;
  }
  if (error instanceof Error && "code" in error) {
    const fault = receptionFault(error as Parameters<typeof receptionFault>[0], request.headers["content-type"]);
    if (fault !== null) return { kind: "unreadable", fault };
  }
  return { kind: "internal" };
}
