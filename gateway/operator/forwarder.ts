import type { DescMessage, DescMethod, DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Logger } from "../../services/runtime/log.ts";
import type { AppStore } from "../credentials/app-store.ts";
import type { Exchange } from "../http/exchange.ts";
import { namesApp, requireKnownApp, requireOperator, scopeToApp } from "./app-scope.ts";
import { type CallerOptions, callerOf } from "./caller.ts";
import { errorForCaller, unavailable } from "./service-errors.ts";
import type { OperatorService } from "./services.ts";

/** How long a call may take where its caller sets no deadline, in milliseconds: erasures are the longest. */
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * How often it is looked at whether the caller of a stream is still let in, in milliseconds. With the 9 s that a
 * credential is cached at most, a revoked key's streams end within 10 s.
 */
const RECHECK_MS = 1_000;

/** Carries the HTTP exchange to the handlers, so that its log line tells the call's code. */
export const EXCHANGE = createContextKey<Exchange | undefined>(undefined);

export interface ForwarderOptions extends CallerOptions {
  readonly services: readonly OperatorService[];
  readonly apps: AppStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the process stops: streams end then, other calls finish. */
  readonly draining: AbortSignal;
}

/**
 * Registers every method of the operator's services: each call is authenticated, scoped to its app and passed on as
 * it is. Throws where a method could not be scoped or passed on, so that such a definition never gets into service.
 */
export function forwardServices(router: ConnectRouter, options: ForwarderOptions): void {
  for (const service of options.services) {
    for (const method of service.definition.methods) {
      if (service.scope === "app" && !namesApp(method)) throw new Error(`${nameOf(method)} names no app`);
      if (isUnary(method)) forwardUnary(router, { ...options, service, method });
      else if (isServerStreaming(method)) forwardStream(router, { ...options, service, method });
      else throw new Error(`${nameOf(method)}: streams of requests are not forwarded`);
    }
  }
}

type ServerStreaming = DescMethodServerStreaming<DescMessage, DescMessage>;

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isServerStreaming(method: DescMethod): method is ServerStreaming {
  return method.methodKind === "server_streaming";
}

interface Forwarding<M extends DescMethod> extends ForwarderOptions {
  readonly service: OperatorService;
  readonly method: M;
}

function forwardUnary(router: ConnectRouter, forwarding: Forwarding<DescMethodUnary>): void {
  const { method, service } = forwarding;
  router.rpc(method, (request: Message, context: HandlerContext) =>
    logged(context, forwarding, async () => {
      await authorize(request, context, forwarding);
      const timeoutMs = timeLeftMs(context) ?? DEFAULT_TIMEOUT_MS;
      try {
        return (await service.transport.unary(method, context.signal, timeoutMs, undefined, request)).message;
      } catch (error) {
        throw errorForCaller(error);
      }
    }),
  );
}

function forwardStream(router: ConnectRouter, forwarding: Forwarding<ServerStreaming>): void {
  const { method, service, draining } = forwarding;
  router.rpc(method, async function* (request: Message, context: HandlerContext) {
    const shutOut = new AbortController();
    const ended = new AbortController();
    const messages = await logged(context, forwarding, async () => {
      await authorize(request, context, forwarding);
      const signal = AbortSignal.any([context.signal, draining, shutOut.signal]);
      const timeoutMs = timeLeftMs(context);
      try {
        return (await service.transport.stream(method, signal, timeoutMs, undefined, single(request))).message;
      } catch (error) {
        throw errorForCaller(error);
      }
    });
    void watchCaller(context, { ...forwarding, ended: ended.signal, shutOut });
    try {
      yield* messages;
    } catch (error) {
      if (shutOut.signal.aborted) throw shutOut.signal.reason;
      throw draining.aborted ? unavailable(error) : errorForCaller(error);
    } finally {
      ended.abort();
    }
  });
}

/** What is left of the caller's deadline; undefined where it set none. Throws `DEADLINE_EXCEEDED` where nothing is. */
function timeLeftMs(context: HandlerContext): number | undefined {
  const leftMs = context.timeoutMs();
  if (leftMs === undefined || leftMs > 0) return leftMs;
  throw errorForCaller(new ConnectError("the deadline passed before the call was passed on", Code.DeadlineExceeded));
}

interface Watching extends ForwarderOptions {
  /** Aborts when the stream is over. */
  readonly ended: AbortSignal;
  /** Aborted, with what the caller is told, when the credential is no longer good. */
  readonly shutOut: AbortController;
}

/** Ends a stream whose caller's key has been revoked; one that cannot be looked up stays good. */
async function watchCaller(context: HandlerContext, watching: Watching): Promise<void> {
  const { clock, ended, shutOut } = watching;
  const authorization = context.requestHeader.get("Authorization");
  while (!shutOut.signal.aborted) {
    await clock.sleep(RECHECK_MS, ended).catch(() => "over");
    if (ended.aborted) return;
    await callerOf(authorization, watching).catch((error: unknown) => {
      const { code } = ConnectError.from(error);
      if (code === Code.Unauthenticated || code === Code.PermissionDenied) shutOut.abort(error);
    });
  }
}

async function* single(message: Message): AsyncIterable<Message> {
  yield message;
}

async function authorize(request: Message, context: HandlerContext, forwarding: Forwarding<DescMethod>): Promise<void> {
  const caller = await callerOf(context.requestHeader.get("Authorization"), forwarding);
  if (forwarding.service.scope === "platform") return requireOperator(caller);
  scopeToApp(request, caller);
  if (caller.kind === "operator") await requireKnownApp(request, forwarding.apps);
}

/** Runs a call and notes its outcome for the request's log line; what is kept from the caller is logged here. */
async function logged<T>(
  context: HandlerContext,
  { logger, method }: Forwarding<DescMethod>,
  call: () => Promise<T>,
): Promise<T> {
  const exchange = context.values.get(EXCHANGE);
  const note = (verdict: string) => {
    if (exchange !== undefined) exchange.verdict = verdict;
  };
  try {
    const result = await call();
    note("ok");
    return result;
  } catch (thrown) {
    const error = ConnectError.from(thrown, Code.Internal);
    note(codeToString(error.code));
    if (error.code === Code.Internal || error.code === Code.Unavailable) {
      const requestId = exchange?.head.requestId;
      logger.warn({ err: error.cause ?? thrown, requestId, method: nameOf(method) }, "operator call failed");
    }
    throw thrown;
  }
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
