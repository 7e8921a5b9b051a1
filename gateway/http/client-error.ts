import { randomUUID } from "node:crypto";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Logger } from "../../services/runtime/log.ts";
import type { Fault } from "../surfaces/fault.ts";
import type { Surface } from "../surfaces/surface.ts";

/** Requests that cannot be read as HTTP have no path, so they get the status that HTTP has for them. */
const STATUS_OF_CODE: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: "request headers are larger than 16384 bytes" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: "the request did not arrive in full in time" },
};
const BAD_REQUEST = { status: 400, message: "the request is not valid HTTP/1.1" };

export interface ClientErrorOptions {
  /** Whose shape the answer has. */
  readonly surface: Pick<Surface, "answerFault">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Answers what Node could not read as a request, with what every answer carries, then closes the connection. */
export interface ClientErrors {
  /** The head of a request was read; its body, or what follows it on its connection, may turn out unreadable. */
  begin(message: IncomingMessage, requestId: string): void;
  /** The request is answered. */
  end(message: IncomingMessage): void;
  /** Node's `clientError` event. */
  handle(error: Error & { code?: string }, socket: Socket): void;
}

/**
 * The answer must not overtake those of earlier requests on the same connection (RFC 9112 section 9.3.2), so it
 * waits for all that were received in full. One that was not is the one that the error is about.
 */
export function createClientErrors({ surface, clock, logger }: ClientErrorOptions): ClientErrors {
  const underWay = new WeakMap<Socket, Map<IncomingMessage, string>>();
  const broken = new WeakMap<Socket, { code?: string }>();

  function answer(socket: Socket, error: { code?: string }): void {
    const { status, message } = STATUS_OF_CODE[error.code ?? ""] ?? BAD_REQUEST;
    const begun = incompleteRequest(socket);
    const requestId = begun ?? randomUUID();
    const nowMs = clock.now();
    const fault: Fault = { kind: "unreadable", fault: { kind: "malformed", message } };
    const head = { path: "", headers: {}, requestId, receivedMs: nowMs, deadlineMs: nowMs };
    const { contentType, payload } = surface.answerFault(fault, head);
    const lines = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      `Content-Type: ${contentType}`,
      `Content-Length: ${Buffer.byteLength(payload)}`,
      `X-Request-Id: ${requestId}`,
    ];
    socket.end(`${lines.join("\r\n")}\r\n\r\n${payload}`);
    // A request that was begun has a line of its own.
    if (begun !== undefined) return;
    logger.info({ requestId, surface: "none", verdict: "unreadable", status, code: error.code }, "request");
  }

  function answersAreDue(socket: Socket): boolean {
    for (const message of underWay.get(socket)?.keys() ?? []) if (message.complete) return true;
    return false;
  }

  /** Id of the request whose body is what could not be read. */
  function incompleteRequest(socket: Socket): string | undefined {
    for (const [message, requestId] of underWay.get(socket) ?? []) if (!message.complete) return requestId;
    return undefined;
  }

  return {
    begin(message, requestId) {
      const messages = underWay.get(message.socket) ?? new Map<IncomingMessage, string>();
      underWay.set(message.socket, messages.set(message, requestId));
    },
    end(message) {
      const { socket } = message;
      underWay.get(socket)?.delete(message);
      const error = broken.get(socket);
      if (error !== undefined && socket.writable && !answersAreDue(socket)) answer(socket, error);
    },
    handle(error, socket) {
      if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
      else if (answersAreDue(socket)) broken.set(socket, error);
      else answer(socket, error);
    },
  };
}
