import type { Context } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Tracing, traceOf } from "../../services/runtime/tracing.ts";
import { HEALTH_PATHS } from "./health-routes.ts";

/**
 * Makes every request a span, of the sender's trace where it names one (W3C Trace Context), and what is done for the request a
 * part of it. Health checks are not traced. To be registered after the exchanges, whose verdict it tells.
 */
export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  const { api, tracer } = tracing;
  const contexts = new WeakMap<FastifyRequest, Context>();
  app.addHook("onRequest", (request, reply, done) => {
    const { method, url: route = "" } = request.routeOptions;
    if (HEALTH_PATHS.some((path) => path === route)) return done();
    const parent = traceOf(tracing, (name) => {
      const header = request.headers[name];
      return typeof header === "string" ? header : undefined;
    });
    const attributes = {
      "http.request.method": String(method),
      "http.route": route,
      "carillon.request_id": request.exchange.head.requestId,
    };
    const span = tracer.startSpan(`${method} ${route}`, { kind: api.SpanKind.SERVER, attributes }, parent);
    reply.raw.once("close", () => {
      const { surface, verdict } = request.exchange;
      const status = reply.statusCode;
      const outcome = { "carillon.surface": surface, "carillon.verdict": verdict };
      span.setAttributes({ ...outcome, "http.response.status_code": status });
      if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
      span.end();
    });
    contexts.set(request, api.trace.setSpan(parent, span));
    done();
  });
  // The body is read by callbacks of the connection, which belong to no request: the trace begins anew after it.
  app.addHook("preHandler", (request, _reply, done) => {
    const context = contexts.get(request);
    if (context === undefined) return done();
    api.context.with(context, done);
  });
}
