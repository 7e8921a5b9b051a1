import { createGrpcTransport, type GrpcTransport } from "./grpc-transport.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Tls } from "./tls.ts";
import { tracedTransport } from "./trace-calls.ts";
import { tracing } from "./tracing.ts";

/**
 * Ways to other services, closed when the process stops.
 *
 * @param addresses where they listen, by name
 */
export function connectTo<Name extends string>(
  addresses: Readonly<Record<Name, string>>,
  { tls, lifecycle }: { readonly tls: Tls | undefined; readonly lifecycle: Lifecycle },
): Record<Name, GrpcTransport> {
  const trace = tracing();
  const transports = {} as Record<Name, GrpcTransport>;
  for (const name in addresses) {
    const transport = createGrpcTransport(addresses[name], tls);
    lifecycle.onStop(`connection to ${name}`, transport.close);
    transports[name] = trace === undefined ? transport : tracedTransport(transport, trace);
  }
  return transports;
}
