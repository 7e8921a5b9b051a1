import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { callTransport } from "./call-transport.ts";
import type { HostedService } from "./hosted-service.ts";
import type { Logger } from "./log.ts";
import { type MethodHandler, methodHandlers } from "./method-handler.ts";

/**
 * A transport that calls the handlers of services in this process. Messages are passed on as they are, without copying
 * them, so neither side may change one that it has handed over. Deadlines, abort signals and errors work as over the wire.
 */
export function createLocalTransport(services: readonly HostedService[], options: { readonly log: Logger }): Transport {
  const handlers = new Map<DescMethod, MethodHandler>();
  for (const service of services) {
    for (const handler of methodHandlers(service, options.log)) handlers.set(handler.method, handler);
  }

  function handlerOf<K extends MethodHandler["kind"]>(
    method: DescMethod,
    kind: K,
  ): Extract<MethodHandler, { kind: K }> {
    const handler = handlers.get(method);
    if (handler?.kind !== kind) throw new ConnectError(`${method} is not hosted here`, Code.Unimplemented);
    return handler as Extract<MethodHandler, { kind: K }>;
  }

  return callTransport({
    unary: async (method, request, call) =>
      handlerOf(method, "unary").call(request, { ...call, protocolName: "in-process" }),
    stream: async (method, request, call) =>
      handlerOf(method, "server_streaming").call(request, { ...call, protocolName: "in-process" }),
  });
}
