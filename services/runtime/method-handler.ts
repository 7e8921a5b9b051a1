import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type Message,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createHandlerContext,
  createServiceImplSpec,
  type MethodImplSpec,
} from "@connectrpc/connect";
import type { CallAnswer, CallOptions } from "./call-transport.ts";
import { logCallError, toConnectError } from "./connect-error.ts";
import type { HostedService } from "./hosted-service.ts";
import type { Logger } from "./log.ts";

/** Aborts what still belongs to a call that was answered; made once, because making an error takes its stack down. */
const CALL_ENDED = new ConnectError("the call has ended", Code.Canceled);

/** What a handler is told of the call that it answers. */
export interface IncomingCall extends CallOptions {
  readonly protocolName: "grpc" | "in-process";
}

export interface UnaryHandler {
  readonly kind: "unary";
  readonly method: DescMethodUnary;
  call(request: Message, incoming: IncomingCall): Promise<CallAnswer<Message>>;
}

export interface StreamHandler {
  readonly kind: "server_streaming";
  readonly method: DescMethodServerStreaming;
  call(request: Message, incoming: IncomingCall): CallAnswer<AsyncIterable<Message>>;
}

/** Runs one method of a hosted service; fails with `ConnectError` only, at the deadline and on abort at once. */
export type MethodHandler = UnaryHandler | StreamHandler;

/**
 * A handler for every method of a service.
 *
 * @throws Error if it has a method whose requests are streams, which nothing here needs.
 */
export function methodHandlers({ definition, handlers }: HostedService, log: Logger): MethodHandler[] {
  const { methods } = createServiceImplSpec(definition, handlers);
  return Object.values(methods).map((spec) => methodHandler(spec, log));
}

/** `/package.Service/Method`, as in gRPC. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function methodHandler(spec: MethodImplSpec, log: Logger): MethodHandler {
  if (spec.kind === "unary") return unaryHandler(spec, log);
  if (spec.kind === "server_streaming") return streamHandler(spec, log);
  throw new Error(`${spec.method}: requests that are streams are not supported`);
}

type Spec<K> = Extract<MethodImplSpec, { kind: K }>;

function unaryHandler({ method, impl }: Spec<"unary">, log: Logger): UnaryHandler {
  async function call(request: Message, incoming: IncomingCall): Promise<CallAnswer<Message>> {
    const context = contextOf(method, incoming);
    const answer = async () => create(method.output, await impl(request, context));
    try {
      const message = await untilAborted(context.signal, () => reporting(method, log, answer));
      return { header: context.responseHeader, trailer: context.responseTrailer, message };
    } catch (error) {
      throw toConnectError(error);
    } finally {
      context.abort(CALL_ENDED);
    }
  }
  return { kind: "unary", method, call };
}

function streamHandler({ method, impl }: Spec<"server_streaming">, log: Logger): StreamHandler {
  type Context = ReturnType<typeof contextOf>;

  async function* messages(request: Message, context: Context): AsyncGenerator<Message> {
    const iterator = impl(request, context)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await untilAborted(context.signal, () => reporting(method, log, () => iterator.next()));
        if (next.done) return;
        yield create(method.output, next.value);
      }
    } catch (error) {
      throw toConnectError(error);
    } finally {
      context.abort(CALL_ENDED);
      // Not awaited: a handler that ignores the signal would hold up a caller that has left.
      reporting(method, log, async () => iterator.return?.()).catch(() => "logged");
    }
  }

  function call(request: Message, incoming: IncomingCall): CallAnswer<AsyncIterable<Message>> {
    const context = contextOf(method, incoming);
    const { responseHeader: header, responseTrailer: trailer } = context;
    return { header, trailer, message: messages(request, context) };
  }
  return { kind: "server_streaming", method, call };
}

function contextOf(method: DescMethod, incoming: IncomingCall) {
  const { signal, timeoutMs, header, contextValues, protocolName } = incoming;
  return createHandlerContext({
    service: method.parent,
    method,
    protocolName,
    requestMethod: "POST",
    url: methodPath(method),
    requestHeader: header,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal && { requestSignal: signal }),
    ...(contextValues && { contextValues }),
  });
}

/** Logs what a handler throws, even if nobody waits for it any more. */
async function reporting<R>(method: DescMethod, log: Logger, run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (error) {
    const answer = toConnectError(error);
    logCallError(log, answer, methodPath(method));
    throw answer;
  }
}

/** What `run` promises, or the signal's reason if that comes first; does not run it when the signal is aborted. */
function untilAborted<R>(signal: AbortSignal, run: () => Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    // A stream comes by here for every message: listeners that stayed would pile up on its signal.
    const settled = () => signal.removeEventListener("abort", stop);
    run().then(resolve, reject).finally(settled);
  });
}
