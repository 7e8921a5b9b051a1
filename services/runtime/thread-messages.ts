/** What callers in one thread and services in another say to each other; see thread-transport.ts and thread-server.ts. */
import type { Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";

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
  | { readonly kind: "failure"; readonly id: number; readonly error: CallError }
  | { readonly kind: "started"; readonly id: number; readonly header: HeaderEntries }
  | { readonly kind: "message"; readonly id: number; readonly message: Message }
  | { readonly kind: "ended"; readonly id: number; readonly trailer: HeaderEntries };

/** A `ConnectError` on its way to another thread, which gets no class of its own across. */
export interface CallError {
  readonly code: number;
  readonly message: string;
  readonly metadata: HeaderEntries;
}

export function toCallError({ code, rawMessage, metadata }: ConnectError): CallError {
  return { code, message: rawMessage, metadata: [...metadata] };
}

export function fromCallError({ code, message, metadata }: CallError): ConnectError {
  return new ConnectError(message, code, new Headers(metadata as [string, string][]));
}

export function toEntries(headers: Headers): HeaderEntries {
  return [...headers];
}

export function fromEntries(entries: HeaderEntries): Headers {
  return new Headers(entries as [string, string][]);
}
