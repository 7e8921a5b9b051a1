/** What callers in one thread and services in another say to each other; see thread-transport.ts and thread-server.ts. */
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

type HeaderEntries = readonly (readonly [name: string, value: string])[];

export type CallRequest =
  | {
      readonly kind: "unary" | "stream";
      readonly id: number;
      /** `/package.Service/Method` */
      readonly path: string;
      readonly header: HeaderEntries;
      readonly timeoutMs: number | undefined;
      /** Copied between the threads: messages are plain values. */
      readonly request: Message;
    }
  /** The caller is ready for the next message of a stream. */
  | { readonly kind: "next"; readonly id: number }
  /** The caller has given up. */
  | { readonly kind: "cancel"; readonly id: number };

export type CallResponse =
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly header: HeaderEntries;
      readonly trailer: HeaderEntries;
      readonly message: Message;
    }
  | { readonly kind: "failure"; readonly id: number; readonly status: HeaderEntries }
  /** Comes before the first message or the end of a stream: by then its header is complete. */
  | { readonly kind: "started"; readonly id: number; readonly header: HeaderEntries }
  | { readonly kind: "message"; readonly id: number; readonly message: Message }
  | { readonly kind: "ended"; readonly id: number; readonly trailer: HeaderEntries };

/** An error with its details and metadata, as gRPC's status: an instance of a class does not get to another thread. */
export function toStatusEntries(error: ConnectError): HeaderEntries {
  return toEntries(setTrailerStatus(new Headers(), error));
}

/** The reverse of {@link toStatusEntries}. */
export function fromStatusEntries(status: HeaderEntries): ConnectError {
  const error = findTrailerError(fromEntries(status));
  return error ?? new ConnectError("a call failed with the status of a success", Code.Unknown);
}

export function toEntries(headers: Headers): HeaderEntries {
  return [...headers];
}

export function fromEntries(entries: HeaderEntries): Headers {
  return new Headers(entries as [string, string][]);
}
