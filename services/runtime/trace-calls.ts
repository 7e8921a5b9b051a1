import type { DescMethod, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { MethodImpl, ServiceImpl, Transport } from "@connectrpc/connect";
import type { HostedService } from "./hosted-service.ts";
import { methodPath } from "./method-handler.ts";
import { endingWith, type Tracing, traceOf } from "./tracing.ts";

type Unary = MethodImpl<DescMethodUnary>;

/**
 * A transport whose unary calls are spans of the trace that they are made in, and carry it on (W3C Trace Context). Calls
 * outside a trace, as background work makes them, are not traced.
 */
export function tracedTransport<T extends Transport>(transport: T, tracing: Tracing): T {
  const { api, tracer } = tracing;
  const unary: Transport["unary"] = (...call) => {
    if (api.trace.getActiveSpan() === undefined) return transport.unary(...call);
    const [method, signal, timeoutMs, header, input, contextValues] = call;
    const span = tracer.startSpan(spanName(method), { kind: api.SpanKind.CLIENT, attributes: attributesOf(method) });
    const context = api.trace.setSpan(api.context.active(), span);
    const headers = new Headers(header);
    api.propagation.inject(context, headers, { set: (carrier, name, value) => carrier.set(name, value) });
    const answer = api.context.with(context, () =>
      transport.unary(method, signal, timeoutMs, headers, input, contextValues),
    );
    return endingWith(span, tracing, answer);
  };
  return { ...transport, unary };
}

/** The service with its unary handlers as spans of their callers' traces; calls without one are not traced. */
export function traceCalls(tracing: Tracing): (service: HostedService) => HostedService {
  const { api, tracer } = tracing;

  function traced(method: DescMethod, handler: Unary): Unary {
    return async (request, call) => {
      const parent = traceOf(tracing, (name) => call.requestHeader.get(name) ?? undefined);
      if (api.trace.getSpanContext(parent) === undefined) return handler(request, call);
      const options = { kind: api.SpanKind.SERVER, attributes: attributesOf(method) };
      const span = tracer.startSpan(spanName(method), options, parent);
      const answer = async () => handler(request, call);
      return endingWith(span, tracing, api.context.with(api.trace.setSpan(parent, span), answer));
    };
  }

  return ({ definition, handlers }) => {
    const wrapped: Record<string, unknown> = { ...handlers };
    for (const method of definition.methods) {
      const handler = handlers[method.localName];
      if (handler !== undefined && method.methodKind === "unary")
        wrapped[method.localName] = traced(method, handler as Unary);
    }
    return { definition, handlers: wrapped as ServiceImpl<DescService> };
  };
}

function spanName(method: DescMethod): string {
  return methodPath(method).slice(1);
}

/** Names of OpenTelemetry's semantic conventions for RPC. */
function attributesOf(method: DescMethod) {
  return { "rpc.system": "grpc", "rpc.service": method.parent.typeName, "rpc.method": method.name };
}
