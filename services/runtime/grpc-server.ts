import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { defaultTimeoutMs } from "./call-transport.ts";
import { toConnectError } from "./connect-error.ts";
import { maxMessageBytes } from "./grpc-limits.ts";
import { toHeaders, toMetadata, toStatus } from "./grpc-metadata.ts";
import { reflectionOf } from "./grpc-reflection.ts";
import type { HostedService } from "./hosted-service.ts";
import { listenError } from "./listen-error.ts";
import type { Logger } from "./log.ts";
import {
  type IncomingCall,
  type MethodHandler,
  methodHandlers,
  methodPath,
  type StreamHandler,
  type UnaryHandler,
} from "./method-handler.ts";
import type { Tls } from "./tls.ts";
import { urlHost } from "./url-host.ts";

export interface GrpcServerOptions {
  readonly services: readonly HostedService[];
  readonly log: Logger;
  /** Without it connections are not encrypted. */
  readonly tls?: Tls | undefined;
}

/** A gRPC server with the standard health and reflection services. */
export interface GrpcServer {
  /** Listens and answers the port; 0 picks a free one. Rejects with one line when the address is taken. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** What the health service says of the server and each of its services; not serving at first. */
  setServing(serving: boolean): void;
  /** Finishes running calls and takes no more; ends them after `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
}

/** Hosts services on a gRPC server. */
export function createGrpcServer({ services, log, tls }: GrpcServerOptions): GrpcServer {
  setLogVerbosity(logVerbosity.NONE); // what grpc-js would print of its own accord reaches us as errors
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    // Connections are renewed, so that clients come to know replicas that were added.
    "grpc.max_connection_age_ms": 300_000,
  });
  for (const service of services) {
    const handlers = methodHandlers(service, log);
    server.addService(serviceDefinition(handlers), implementation(handlers));
  }
  const names = ["", ...services.map(({ definition }) => definition.typeName)];
  const health = new HealthImplementation();
  health.addToServer(server);
  reflectionOf(services.map(({ definition }) => definition)).addToServer(server);

  function setServing(serving: boolean): void {
    for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  }
  setServing(false);

  return {
    setServing,

    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        const address = `${urlHost(host)}:${port}`;
        server.bindAsync(address, tls?.server ?? ServerCredentials.createInsecure(), (error, bound) => {
          if (error) reject(listenError({ host, port, setting: "CARILLON_GRPC_PORT" }, error));
          else resolve(bound);
        });
      }),

    close: (graceMs) =>
      new Promise((resolve) => {
        setServing(false);
        const force = setTimeout(() => server.forceShutdown(), graceMs);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
}

const toBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) =>
  Buffer.from(buffer, byteOffset, byteLength);

function serviceDefinition(handlers: readonly MethodHandler[]): ServiceDefinition {
  const entries = handlers.map(({ kind, method }) => [
    method.name,
    {
      path: methodPath(method),
      requestStream: false,
      responseStream: kind === "server_streaming",
      requestSerialize: (message: Message) => toBuffer(toBinary(method.input, message)),
      requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
      responseSerialize: (message: Message) => toBuffer(toBinary(method.output, message)),
      responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
    },
  ]);
  return Object.fromEntries(entries);
}

function implementation(handlers: readonly MethodHandler[]): UntypedServiceImplementation {
  const entries = handlers.map((handler) => [
    handler.method.name,
    handler.kind === "unary" ? answerUnary(handler) : answerStream(handler),
  ]);
  return Object.fromEntries(entries);
}

function incomingCall(
  call: ServerUnaryCall<Message, Message> | ServerWritableStream<Message, Message>,
  fallbackTimeoutMs?: number,
): IncomingCall {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort(new ConnectError("the caller gave up", Code.Canceled)));
  const deadline = Number(call.getDeadline()); // milliseconds since 1970, or infinity
  const timeoutMs = Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : fallbackTimeoutMs;
  const header = toHeaders(call.metadata);
  return { protocolName: "grpc", signal: gone.signal, timeoutMs, header, contextValues: undefined };
}

function answerUnary(handler: UnaryHandler): handleUnaryCall<Message, Message> {
  return (call, callback) => {
    handler.call(call.request, incomingCall(call, defaultTimeoutMs)).then(
      ({ header, trailer, message }) => {
        call.sendMetadata(toMetadata(header));
        callback(null, message, toMetadata(trailer));
      },
      (error: unknown) => callback(toStatus(toConnectError(error), new Headers())),
    );
  };
}

function answerStream(handler: StreamHandler): handleServerStreamingCall<Message, Message> {
  async function send(call: ServerWritableStream<Message, Message>): Promise<void> {
    const { header, trailer, message: messages } = handler.call(call.request, incomingCall(call));
    let headerSent = false;
    const sendHeader = () => {
      if (!headerSent) call.sendMetadata(toMetadata(header));
      headerSent = true;
    };
    try {
      for await (const message of messages) {
        sendHeader();
        if (!call.write(message)) await writable(call);
      }
      sendHeader();
      call.end(toMetadata(trailer));
    } catch (error) {
      call.emit("error", toStatus(toConnectError(error), trailer));
    }
  }
  return (call) => {
    send(call).catch((error: unknown) => call.destroy(error instanceof Error ? error : undefined));
  };
}

/** Resolves when the stream takes more, or nobody reads it any more. */
function writable(call: ServerWritableStream<Message, Message>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("drain", done);
      call.off("cancelled", done);
      resolve();
    };
    call.once("drain", done);
    call.once("cancelled", done);
    if (call.cancelled) done();
  });
}
