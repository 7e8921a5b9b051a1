import * as api from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { Tracing } from "./tracing.ts";

/** Milliseconds that the last spans may take to get out when the process stops. */
const FLUSH_MS = 1_000;

/** Starts to send spans by OTLP over HTTP, in JSON. A collector that cannot be reached costs spans and nothing else. */
export async function createTracing(name: string): Promise<Tracing & { stop(): Promise<void> }> {
  const own = resourceFromAttributes({ "service.name": name, "service.namespace": "carillon" });
  const provider = new NodeTracerProvider({
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // Not the baggage: what clients put there is nobody's business behind the gateway.
  provider.register({ propagator: new W3CTraceContextPropagator() });
  return {
    api,
    tracer: provider.getTracer("carillon"),
    async stop() {
      const flushed = provider.shutdown().catch(() => "the collector is away");
      const late = new Promise<void>((resolve) => void setTimeout(resolve, FLUSH_MS).unref());
      await Promise.race([flushed, late]);
    },
  };
}
