import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodStreaming,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";

/** Milliseconds that a unary call may take when its caller sets no deadline. Streams then have none. */
export const defaultTimeoutMs = 5_000;

export interface CallOptions {
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal | undefined;
  /** Milliseconds until the deadline, if there is one. */
  readonly timeoutMs: number | undefined;
  readonly header: Headers;
  readonly contextValues: ContextValues | undefined;
}

/** What a call is answered; a stream's trailer is complete after its last message. */
export interface CallAnswer<M> {
  readonly header: Headers;
  readonly trailer: Headers;
  readonly message: M;
}

type HeadersLike = ConstructorParameters<typeof Headers>[0];

/** Makes calls; rejects, and lets streams fail, with `ConnectError` only. */
export interface Caller {
  unary(method: DescMethodUnary, request: Message, options: CallOptions): Promise<CallAnswer<Message>>;
  stream(
    method: DescMethodServerStreaming,
    request: Message,
    options: CallOptions,
  ): Promise<CallAnswer<AsyncIterable<Message>>>;
}

/**
 * The transport that generated Connect clients use, over something that makes calls. Who stops reading a stream before
 * its end aborts the call's signal: Connect's clients do not tell the transport otherwise.
 */
export function callTransport(caller: Caller): Transport {
  return {
    // biome-ignore lint/complexity/useMaxParams: Connect's interface.
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersLike,
      input: MessageInitShape<I>,
      contextValues?: ContextValues,
    ): Promise<UnaryResponse<I, O>> {
      const options = { signal, timeoutMs: timeoutMs ?? defaultTimeoutMs, header: new Headers(header), contextValues };
      const answer = await caller.unary(method, create(method.input, input), options);
      return { stream: false, service: method.parent, method, ...answer } as UnaryResponse<I, O>;
    },

    // biome-ignore lint/complexity/useMaxParams: Connect's interface.
    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersLike,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ): Promise<StreamResponse<I, O>> {
      if (method.methodKind !== "server_streaming") {
        throw new ConnectError(`${method}: requests that are streams are not supported`, Code.Unimplemented);
      }
      const options = { signal, timeoutMs, header: new Headers(header), contextValues };
      const answer = await caller.stream(method, create(method.input, await onlyElement(input)), options);
      return { stream: true, service: method.parent, method, ...answer } as StreamResponse<I, O>;
    },
  };
}

async function onlyElement<T>(elements: AsyncIterable<T>): Promise<T> {
  for await (const element of elements) return element;
  throw new ConnectError("the request is missing", Code.InvalidArgument);
}
