import type { DescMethod, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { MethodImpl, ServiceImpl } from "@connectrpc/connect";

type UnaryImpl = MethodImpl<DescMethodUnary>;

/** A service definition with its handlers, as a gRPC server or an in-process transport hosts it. */
export interface HostedService {
  readonly definition: DescService;
  readonly handlers: ServiceImpl<DescService>;
}

/** Pairs a service definition with handlers that fit it. */
export function hostedService<S extends DescService>(definition: S, handlers: ServiceImpl<S>): HostedService {
  return { definition, handlers: handlers as ServiceImpl<DescService> };
}

/**
 * The service with unary methods that answer after `ready` resolves, which is asked once their own work is done.
 *
 * @param options.except methods that see to it themselves
 */
export function answeringAfter(
  { definition, handlers }: HostedService,
  ready: () => Promise<void>,
  { except = [] }: { readonly except?: readonly DescMethod[] } = {},
): HostedService {
  const waiting: Record<string, unknown> = { ...handlers };
  for (const method of definition.methods) {
    const { localName, methodKind } = method;
    if (except.includes(method)) continue;
    const handler = handlers[localName];
    if (methodKind !== "unary" || handler === undefined) continue;
    waiting[localName] = async (...call: Parameters<UnaryImpl>) => {
      const answer = await (handler as UnaryImpl)(...call);
      await ready();
      return answer;
    };
  }
  return { definition, handlers: waiting as ServiceImpl<DescService> };
}
