import type { Context, Span, Tracer } from "@opentelemetry/api";
import { ConfigError, type Environment } from "./config.ts";
import type { Lifecycle } from "./lifecycle.ts";

type Api = typeof import("@opentelemetry/api");

/** OpenTelemetry's API, and what makes spans. */
export interface Tracing {
  readonly api: Api;
  readonly tracer: Tracer;
}

/** One for the process, as the provider that OpenTelemetry registers is. */
let current: Tracing | undefined;

/**
 * Tracing, where it is on. Asked when things are put together: what is not traced is then the very thing, without anything
 * around it.
 */
export function tracing(): Tracing | undefined {
  return current;
}

/**
 * Turns tracing on where OpenTelemetry's own variables say where spans go (`OTEL_EXPORTER_OTLP_ENDPOINT`, or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`); its libraries are loaded only then. The SDK reads its other variables.
 *
 * @param name of the process: the service's name unless `OTEL_SERVICE_NAME` is set
 * @throws ConfigError for a protocol that is not spoken
 */
export async function startTracing(
  name: string,
  { environment, lifecycle }: { readonly environment: Environment; readonly lifecycle: Lifecycle },
): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = environment;
  if (!(endpoint || traces) || environment.OTEL_SDK_DISABLED?.toLowerCase() === "true") return;
  for (const variable of ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]) {
    const protocol = environment[variable];
    if (protocol && protocol !== "http/json")
      throw new ConfigError(`${variable} is ${JSON.stringify(protocol)} and should be http/json, or not be set`);
  }
  const { createTracing } = await import("./otlp-tracing.ts");
  const { stop, ...started } = await createTracing(name);
  current = started;
  lifecycle.onStop("traces", stop);
}

/** Runs something in the trace that was current when this was made; where tracing is off it just runs it. */
export type WithinTrace = <R>(run: () => R) => R;

const anyTrace: WithinTrace = (run) => run();

/** The current trace, for work that is done later, together with that of others. */
export function currentTrace(): WithinTrace {
  if (current === undefined) return anyTrace;
  const { context } = current.api;
  const active = context.active();
  return (run) => context.with(active, run);
}

/** Ends a span with what a promise comes to; the answer is that promise's. */
export async function endingWith<R>(span: Span, { api }: Tracing, promise: Promise<R>): Promise<R> {
  try {
    return await promise;
  } catch (error) {
    // What failed is told by its kind: messages may hold what a user sent.
    const message = error instanceof Error ? error.name : "failed";
    span.setStatus({ code: api.SpanStatusCode.ERROR, message });
    throw error;
  } finally {
    span.end();
  }
}

/** The context that W3C `traceparent` and `tracestate` headers name; that of no trace where they are missing or garbage. */
export function traceOf({ api }: Tracing, headerOf: (name: string) => string | undefined): Context {
  return api.propagation.extract(api.ROOT_CONTEXT, undefined, { get: (_, name) => headerOf(name), keys: () => [] });
}
