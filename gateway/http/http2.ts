import type { Server } from "node:http";
import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import { chooseProtocol } from "./protocol-choice.ts";

/** Streams that one client may have open at a time; a tail takes one for as long as it is read. */
const MAX_CONCURRENT_STREAMS = 100;

export interface Http2Options {
  /** Answers requests, as it does for HTTP/1.1. */
  readonly handler: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  /** Milliseconds that a client has to send its first bytes. */
  readonly firstBytesTimeoutMs: number;
  /** Milliseconds that a client has to send a request in full. */
  readonly requestTimeoutMs: number;
  /** Milliseconds without traffic after which a connection ends with the last of its answers. */
  readonly idleTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** Aborts when the process stops: connections then end with the last of their answers. */
  readonly draining: AbortSignal;
}

/** The connections that speak HTTP/2. */
export interface Http2Connections {
  /** Ends them all, whatever is under way. */
  destroy(): void;
}

/**
 * Has an HTTP/1.1 server without TLS serve HTTP/2 to clients that begin with it, as gRPC clients do. A connection is
 * looked at once, when its first bytes come; the requests on it do not pass through here.
 */
export function serveHttp2Too(server: Server, options: Http2Options): Http2Connections {
  const { draining } = options;
  /** New connections that have said nothing yet. */
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http2 = createServer(
    { settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS, maxHeaderListSize: options.maxHeaderBytes } },
    options.handler,
  );
  // As for HTTP/1.1: an expectation that nobody knows may be ignored.
  http2.on("checkExpectation", options.handler);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setTimeout(options.idleTimeoutMs, () => session.close());
    if (draining.aborted) session.close();
  });
  http2.on("stream", (stream) => {
    const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), options.requestTimeoutMs);
    const arrived = () => clearTimeout(late);
    stream.once("end", arrived).once("close", arrived);
  });

  const http1Listeners = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (opened: Socket) => {
    undecided.add(opened);
    opened.once("close", () => undecided.delete(opened));
    chooseProtocol(opened, {
      timeoutMs: options.firstBytesTimeoutMs,
      onHttp1(socket) {
        undecided.delete(socket);
        for (const listener of http1Listeners) listener.call(server, socket);
      },
      onHttp2(socket) {
        undecided.delete(socket);
        // Unlike HTTP/1.1, HTTP/2 has no use for a connection that its client has ended.
        socket.allowHalfOpen = false;
        http2.emit("connection", socket);
      },
      onSilence(socket) {
        const error = new Error("nothing was sent");
        server.emit("clientError", Object.assign(error, { code: "ERR_HTTP_REQUEST_TIMEOUT" }), socket);
      },
    });
  });

  draining.addEventListener("abort", () => {
    for (const socket of undecided) socket.destroy();
    for (const session of sessions) session.close();
  });
  return {
    destroy() {
      for (const session of sessions) session.destroy();
    },
  };
}
