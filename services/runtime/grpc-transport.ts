import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import {
  type ChannelOptions,
  Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { type CallAnswer, type CallOptions, callTransport } from "./call-transport.ts";
import { maxMessageBytes } from "./grpc-limits.ts";
import { fromStatus, toHeaders, toMetadata } from "./grpc-metadata.ts";
import { methodPath } from "./method-handler.ts";
import type { Tls } from "./tls.ts";

/** A transport to a gRPC server, to be closed. */
export interface GrpcTransport extends Transport {
  /** Ends its connections; calls that still run fail. */
  close(): void;
}

/** Options of a channel to all replicas of a service, which take turns. */
export const balancedChannel: ChannelOptions = {
  "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // Milliseconds. A peer that is gone without a word is noticed after time and timeout together.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // A service that restarts is found again soon; gRPC's own maximum is two minutes.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.dns_min_time_between_resolutions_ms": 5_000,
};

/**
 * A transport over gRPC; connects when it is first used, and again when connections break. Calls fail at once as `Code.Unavailable` while there is no connection.
 *
 * @param address `host:port`, or `dns:///name:port` of a headless service, whose replicas then share the calls
 * @param tls without it connections are not encrypted
 * @param name what the server is called by in its certificate, where the address is that of one replica
 */
export function createGrpcTransport(address: string, tls?: Tls, name?: string): GrpcTransport {
  const client = new Client(address, tls?.client ?? credentials.createInsecure(), {
    ...(tls !== undefined && name !== undefined && { "grpc.ssl_target_name_override": name }),
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    ...balancedChannel,
  });
  const transport = callTransport({
    unary: (method, request, options) => callUnary(client, options, bindingOf(method, request, options)),
    stream: (method, request, options) => callStream(client, options, bindingOf(method, request, options)),
  });
  return { ...transport, close: () => client.close() };
}

type Binding = ReturnType<typeof bindingOf>;

/** A call as grpc-js wants it described. */
function bindingOf(method: DescMethod, request: Message, options: CallOptions) {
  const { timeoutMs, header } = options;
  return {
    path: methodPath(method),
    serialize: (message: Message) => {
      const { buffer, byteOffset, byteLength } = toBinary(method.input, message);
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    deserialize: (bytes: Buffer): Message => fromBinary(method.output, bytes),
    request,
    metadata: toMetadata(header),
    deadline: timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs,
  };
}

function callUnary(client: Client, { signal }: CallOptions, binding: Binding): Promise<CallAnswer<Message>> {
  const { path, serialize, deserialize, request, metadata, deadline } = binding;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    let header = new Headers();
    let message: Message | undefined;
    const call = client.makeUnaryRequest(path, serialize, deserialize, request, metadata, { deadline }, (_, value) => {
      message = value; // the status, which comes next, has the error and the trailer
    });
    const settled = cancelOnAbort(call, signal);
    call.on("metadata", (received) => {
      header = toHeaders(received);
    });
    call.on("status", (received) => {
      settled();
      if (message) resolve({ header, trailer: toHeaders(received.metadata), message });
      else reject(callError(received, signal));
    });
  });
}

async function callStream(
  client: Client,
  { signal }: CallOptions,
  binding: Binding,
): Promise<CallAnswer<AsyncIterable<Message>>> {
  if (signal?.aborted) throw abortError(signal);
  const { path, serialize, deserialize, request, metadata, deadline } = binding;
  const call = client.makeServerStreamRequest(path, serialize, deserialize, request, metadata, { deadline });
  const settled = cancelOnAbort(call, signal);
  const trailer = new Headers();
  const ended = new Promise<StatusObject>((resolve) => call.on("status", resolve));
  call.on("error", () => settled()); // told by the status as well
  const started = await Promise.race([new Promise<Metadata>((resolve) => call.on("metadata", resolve)), ended]);
  if (!(started instanceof Metadata) && started.code !== status.OK) throw callError(started, signal);

  async function* messages(): AsyncGenerator<Message> {
    try {
      for await (const message of call as AsyncIterable<Message>) yield message;
    } catch {
      throw callError(await ended, signal);
    } finally {
      settled();
      call.cancel();
    }
    for (const [key, value] of toHeaders((await ended).metadata)) trailer.append(key, value);
  }
  return { header: started instanceof Metadata ? toHeaders(started) : new Headers(), trailer, message: messages() };
}

/** Cancels the call when the signal aborts; the answer is to be called when the call is over. */
function cancelOnAbort(
  call: ClientUnaryCall | ClientReadableStream<Message>,
  signal: AbortSignal | undefined,
): () => void {
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  return () => signal?.removeEventListener("abort", cancel);
}

function callError(received: StatusObject, signal: AbortSignal | undefined): ConnectError {
  return signal?.aborted ? abortError(signal) : fromStatus(received);
}

function abortError(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
