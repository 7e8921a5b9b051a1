import type { MessagePort } from "node:worker_threads";
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { type CallAnswer, type CallOptions, callTransport } from "./call-transport.ts";
import { methodPath } from "./method-handler.ts";
import { type CallRequest, type CallResponse, fromEntries, fromStatusEntries, toEntries } from "./thread-messages.ts";

/** Milliseconds after its deadline at which a call ends here, should the other thread be too busy to say so. */
const GRACE_MS = 1_000;

/** A transport to services in another thread. */
export interface ThreadTransport extends Transport {
  /** Fails calls under way and all later ones: the other thread is gone. */
  fail(error: ConnectError): void;
}

/** Takes the responses to one call. */
type OnResponse = (response: CallResponse | { readonly kind: "gone"; readonly error: ConnectError }) => void;

/** A transport to the services that `serveThread` hosts at the other end of a port. Messages are copied. */
export function createThreadTransport(port: MessagePort): ThreadTransport {
  const calls = new Map<number, OnResponse>();
  let lastId = 0;
  let gone: ConnectError | undefined;

  port.on("message", (response: CallResponse) => calls.get(response.id)?.(response));

  /** Begins a call; what is answered ends it. Throws where its caller has given up before. */
  function begin(signal: AbortSignal | undefined, onResponse: OnResponse): { readonly id: number; end(): void } {
    if (gone !== undefined) throw gone;
    if (signal?.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
    lastId += 1;
    const id = lastId;
    calls.set(id, onResponse);
    return { id, end: () => calls.delete(id) };
  }

  const post = (request: CallRequest) => port.postMessage(request);

  /** Has the call given up when its signal aborts or its time is over; to be called off when it has ended. */
  function watch({ signal, timeoutMs }: CallOptions, giveUp: (error: ConnectError) => void): () => void {
    const onAbort = () => giveUp(ConnectError.from(signal?.reason, Code.Canceled));
    signal?.addEventListener("abort", onAbort, { once: true });
    const onTimeout = () => giveUp(new ConnectError("the operation timed out", Code.DeadlineExceeded));
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs + GRACE_MS);
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
  }

  function unary(path: string, request: Message, options: CallOptions): Promise<CallAnswer<Message>> {
    return new Promise((resolve, reject) => {
      const call = begin(options.signal, (response) => {
        settled();
        if (response.kind === "answer") {
          const { header, trailer, message } = response;
          resolve({ header: fromEntries(header), trailer: fromEntries(trailer), message });
        } else if (response.kind === "failure") reject(fromStatusEntries(response.status));
        else if (response.kind === "gone") reject(response.error);
      });
      const unwatch = watch(options, (error) => {
        settled();
        post({ kind: "cancel", id: call.id });
        reject(error);
      });
      const settled = () => {
        unwatch();
        call.end();
      };
      const { header, timeoutMs } = options;
      post({ kind: "unary", id: call.id, path, header: toEntries(header), timeoutMs, request });
    });
  }

  async function stream(
    path: string,
    request: Message,
    options: CallOptions,
  ): Promise<CallAnswer<AsyncIterable<Message>>> {
    /** What has arrived and was not taken yet: the other side sends one message each time it is asked. */
    let arrived: Parameters<OnResponse>[0] | undefined;
    let wake: (() => void) | undefined;
    const receive: OnResponse = (response) => {
      arrived = response;
      wake?.();
    };
    const call = begin(options.signal, receive);
    const unwatch = watch(options, (error) => {
      post({ kind: "cancel", id: call.id });
      receive({ kind: "gone", error });
    });
    const settled = () => {
      unwatch();
      call.end();
    };
    async function next() {
      if (arrived === undefined) await new Promise<void>((resolve) => (wake = resolve));
      const response = arrived!;
      if (response.kind === "failure" || response.kind === "gone") {
        settled();
        throw response.kind === "gone" ? response.error : fromStatusEntries(response.status);
      }
      arrived = undefined;
      return response;
    }
    const trailer = new Headers();
    async function* messages(): AsyncGenerator<Message> {
      let ended = false;
      try {
        for (;;) {
          post({ kind: "next", id: call.id });
          const response = await next();
          if (response.kind === "message") yield response.message;
          if (response.kind !== "ended") continue;
          ended = true;
          for (const [name, value] of response.trailer) trailer.append(name, value);
          return;
        }
      } finally {
        settled();
        if (!ended) post({ kind: "cancel", id: call.id });
      }
    }
    const { header, timeoutMs } = options;
    post({ kind: "stream", id: call.id, path, header: toEntries(header), timeoutMs, request });
    const started = await next();
    const received = started.kind === "started" ? fromEntries(started.header) : new Headers();
    return { header: received, trailer, message: messages() };
  }

  const transport = callTransport({
    unary: (method, request, options) => unary(methodPath(method), request, options),
    stream: (method, request, options) => stream(methodPath(method), request, options),
  });
  return {
    ...transport,
    fail(error) {
      gone = error;
      for (const onResponse of [...calls.values()]) onResponse({ kind: "gone", error });
    },
  };
}
