import type { MessagePort } from "node:worker_threads";
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { toConnectError } from "./connect-error.ts";
import type { HostedService } from "./hosted-service.ts";
import type { Logger } from "./log.ts";
import { type IncomingCall, type MethodHandler, methodHandlers, methodPath } from "./method-handler.ts";
import { type CallRequest, type CallResponse, fromEntries, toEntries, toStatusEntries } from "./thread-messages.ts";

interface RunningCall {
  readonly gone: AbortController;
  /** Of a stream: has the next message sent. */
  next?(): void;
}

/** Hosts services for callers in another thread, who have the other end of the port (`createThreadTransport`). */
export function serveThread(port: MessagePort, services: readonly HostedService[], log: Logger): void {
  const handlers = new Map<string, MethodHandler>();
  for (const service of services) {
    for (const handler of methodHandlers(service, log)) handlers.set(methodPath(handler.method), handler);
  }
  const running = new Map<number, RunningCall>();
  const post = (response: CallResponse) => port.postMessage(response);

  function begin({ id, path, header, timeoutMs, request }: Extract<CallRequest, { readonly path: string }>): void {
    const handler = handlers.get(path);
    const gone = new AbortController();
    running.set(id, { gone });
    const incoming: IncomingCall = {
      protocolName: "in-process",
      signal: gone.signal,
      timeoutMs,
      header: fromEntries(header),
      contextValues: undefined,
    };
    const done =
      handler === undefined
        ? Promise.reject(new ConnectError(`${path} is not hosted here`, Code.Unimplemented))
        : handler.kind === "unary"
          ? answerUnary(id, handler.call(request, incoming))
          : answerStream(id, handler.call(request, incoming));
    done
      .catch((error: unknown) => post({ kind: "failure", id, status: toStatusEntries(toConnectError(error)) }))
      .finally(() => running.delete(id));
  }

  async function answerUnary(
    id: number,
    answering: Promise<{ readonly header: Headers; readonly trailer: Headers; readonly message: Message }>,
  ): Promise<void> {
    const { header, trailer, message } = await answering;
    post({ kind: "answer", id, header: toEntries(header), trailer: toEntries(trailer), message });
  }

  async function answerStream(
    id: number,
    answer: { readonly header: Headers; readonly trailer: Headers; readonly message: AsyncIterable<Message> },
  ): Promise<void> {
    const asked = askedOf(id);
    let started = false;
    const startOnce = () => {
      if (!started) post({ kind: "started", id, header: toEntries(answer.header) });
      started = true;
    };
    for await (const message of answer.message) {
      startOnce();
      await asked();
      post({ kind: "message", id, message });
    }
    startOnce();
    await asked();
    post({ kind: "ended", id, trailer: toEntries(answer.trailer) });
  }

  /** Resolves each time that the caller has asked for a message, or has left. */
  function askedOf(id: number): () => Promise<void> {
    const call = running.get(id)!;
    let asked = 0;
    let wake: (() => void) | undefined;
    call.next = () => {
      asked += 1;
      wake?.();
    };
    call.gone.signal.addEventListener("abort", call.next, { once: true });
    return async () => {
      if (asked === 0) await new Promise<void>((resolve) => (wake = resolve));
      asked -= 1;
    };
  }

  port.on("message", (request: CallRequest) => {
    if (request.kind === "next") running.get(request.id)?.next?.();
    else if (request.kind === "cancel")
      running.get(request.id)?.gone.abort(new ConnectError("the caller gave up", Code.Canceled));
    else begin(request);
  });
}
