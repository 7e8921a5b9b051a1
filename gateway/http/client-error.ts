import { randomUUID } from "node:crypto";
import { type IncomingMessage, METHODS, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Logger } from "../../services/runtime/log.ts";
import type { Answer } from "../surfaces/answer.ts";
import type { Surface } from "../surfaces/surface.ts";
import { ANY_ORIGIN_HEADERS } from "./cors.ts";
import { everyAnswerHeaders } from "./every-answer.ts";
import { pathOf, unservedFault } from "./unserved.ts";

/** Requests that cannot be read as HTTP have no path, so they get the status that HTTP has for them. */
const STATUS_OF_CODE: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: "request headers are larger than 16384 bytes" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: "the request did not arrive in full in time" },
};
/** Method and target of a request line (RFC 9112 section 3, RFC 9110 section 5.6.2). */
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) ([\x21-\x7e]+) HTTP\/1\.[01]\r\n/;
const BAD_REQUEST = { status: 400, message: "the request is not valid HTTP/1.1" };

/** What Node says of bytes that it cannot read; `rawPacket` are those that came last. */
export interface ReadError {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

export interface ClientErrorOptions {
  /** Methods of a path as `Allow` names them; undefined where nothing is served there. */
  readonly methodsOf: (path: string) => string | undefined;
  /** Who answers for a path; the root's where there is none. */
  readonly shapeOf: (path: string) => Pick<Surface, "answerFault">;
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
  handle(error: ReadError, socket: Socket): void;
}

/**
 * The answer must not overtake those of earlier requests on the same connection (RFC 9112 section 9.3.2), so it
 * waits for all that were received in full. One that was not is the one that the error is about.
 */
export function createClientErrors({ methodsOf, shapeOf, clock, logger }: ClientErrorOptions): ClientErrors {
  const underWay = new WeakMap<Socket, Map<IncomingMessage, string>>();
  const broken = new WeakMap<Socket, ReadError>();

  function answerTo(error: ReadError, requestId: string): Answer {
    const target = error.code === "HPE_INVALID_METHOD" ? targetOfUnknownMethod(error.rawPacket) : undefined;
    const nowMs = clock.now();
    const head = { path: pathOf(target ?? ""), headers: {}, requestId, receivedMs: nowMs, deadlineMs: nowMs };
    if (target !== undefined) return shapeOf(head.path).answerFault(unservedFault(methodsOf(head.path)), head);
    const { status, message } = STATUS_OF_CODE[error.code ?? ""] ?? BAD_REQUEST;
    const fault = { kind: "unreadable", fault: { kind: "malformed", message } } as const;
    return { ...shapeOf("/").answerFault(fault, head), status, verdict: "unreadable" };
  }

  function answer(socket: Socket, error: ReadError): void {
    const begun = incompleteRequest(socket);
    const requestId = begun ?? randomUUID();
    const { status, contentType, payload, verdict, headers } = answerTo(error, requestId);
    const sent = {
      Connection: "close",
      "Content-Type": contentType,
      "Content-Length": Buffer.byteLength(payload),
      ...everyAnswerHeaders(requestId),
      ...ANY_ORIGIN_HEADERS,
      ...headers,
    };
    const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
    lines.unshift(`HTTP/1.1 ${status} ${STATUS_CODES[status]}`);
    socket.end(`${lines.join("\r\n")}\r\n\r\n${payload}`);
    // A request that was begun has a line of its own.
    if (begun !== undefined) return;
    logger.info({ requestId, surface: "none", verdict, status, code: error.code }, "request");
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

/** Undefined where the bytes begin with something else: an earlier request of the connection, or no request at all. */
function targetOfUnknownMethod(bytes: Buffer | undefined): string | undefined {
  const [, method = "", target] = REQUEST_LINE.exec(`${bytes ?? ""}`) ?? [];
  return METHODS.includes(method) ? undefined : target;
}
