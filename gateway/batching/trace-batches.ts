import type { Span } from "@opentelemetry/api";
import { endingWith, type Tracing } from "../../services/runtime/tracing.ts";
import type { Batcher, BatcherOptions } from "./batcher.ts";

type Create<E, V> = (options: BatcherOptions<E, V>) => Batcher<E, V>;

/**
 * Makes a batcher whose calls are spans: each is part of the trace of its first element's request, and linked with the
 * requests of all others, whose spans are linked with it.
 */
export function tracedBatches<E extends object, V>(name: string, tracing: Tracing, create: Create<E, V>): Create<E, V> {
  const { api, tracer } = tracing;
  const requests = new WeakMap<E, Span>();
  return (options) => {
    const batcher = create({
      ...options,
      send(elements, call) {
        const spans = elements.map((element) => requests.get(element)).filter((span) => span !== undefined);
        const [first, ...others] = spans;
        const parent = first === undefined ? api.ROOT_CONTEXT : api.trace.setSpan(api.ROOT_CONTEXT, first);
        if (first === undefined) return api.context.with(parent, () => options.send(elements, call));
        const links = others.map((span) => ({ context: span.spanContext() }));
        const attributes = { "carillon.batch_elements": elements.length };
        const span = tracer.startSpan(name, { links, attributes }, parent);
        for (const other of others) other.addLink({ context: span.spanContext() });
        return endingWith(
          span,
          tracing,
          api.context.with(api.trace.setSpan(parent, span), () => options.send(elements, call)),
        );
      },
    });
    return {
      ...batcher,
      submit(element, deadlineMs) {
        const span = api.trace.getActiveSpan();
        if (span !== undefined) requests.set(element, span);
        return batcher.submit(element, deadlineMs);
      },
    };
  };
}
