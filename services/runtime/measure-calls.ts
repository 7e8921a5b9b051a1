import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { MethodImpl, ServiceImpl } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { Counter, Histogram, type Registry } from "prom-client";
import { toConnectError } from "./connect-error.ts";
import type { HostedService } from "./hosted-service.ts";

type Unary = MethodImpl<DescMethodUnary>;
type Streaming = MethodImpl<DescMethodServerStreaming>;

/** Bounds in seconds: from a read in memory to the longest deadline of a call. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * Counts the calls that services answer by method and code, and measures how long unary ones take; a stream counts when
 * it ends. The code is the handler's: a caller whose deadline ran out meanwhile may have seen another.
 */
export function measureCalls(registry: Registry): (service: HostedService) => HostedService {
  const calls = new Counter({
    name: "carillon_rpc_calls_total",
    help: "Calls answered, by service, method and gRPC code.",
    labelNames: ["service", "method", "code"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "carillon_rpc_seconds",
    help: "Time that handlers of unary calls took.",
    labelNames: ["service", "method"],
    buckets: SECONDS,
    registers: [registry],
  });

  /** Begins a call of a method; what it answers is to be told of its end. */
  function measured({ parent, name: method }: DescMethod): () => (failure?: { readonly error: unknown }) => void {
    const service = parent.typeName;
    const secondsOf = seconds.labels({ service, method });
    const succeeded = calls.labels({ service, method, code: "ok" });
    return () => {
      const began = performance.now();
      return (failure) => {
        secondsOf.observe((performance.now() - began) / 1000);
        if (failure === undefined) succeeded.inc();
        else calls.inc({ service, method, code: codeName(failure.error) });
      };
    };
  }

  function unary(method: DescMethod, handler: Unary): Unary {
    const begin = measured(method);
    return async (...call) => {
      const end = begin();
      try {
        const answer = await handler(...call);
        end();
        return answer;
      } catch (error) {
        end({ error });
        throw error;
      }
    };
  }

  function streaming(method: DescMethod, handler: Streaming): Streaming {
    return async function* (...call) {
      const service = method.parent.typeName;
      let code = "ok";
      try {
        yield* handler(...call);
      } catch (error) {
        code = codeName(error);
        throw error;
      } finally {
        calls.inc({ service, method: method.name, code });
      }
    };
  }

  return ({ definition, handlers }) => {
    const measured: Record<string, unknown> = {};
    for (const method of definition.methods) {
      const handler = handlers[method.localName];
      if (handler === undefined) continue;
      measured[method.localName] =
        method.methodKind === "unary" ? unary(method, handler as Unary) : streaming(method, handler as Streaming);
    }
    return { definition, handlers: measured as ServiceImpl<DescService> };
  };
}

/** `deadline_exceeded` and the like. */
function codeName(error: unknown): string {
  return Code[toConnectError(error).code].replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
}
