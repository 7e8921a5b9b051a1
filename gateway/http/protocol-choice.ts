import type { Socket } from "node:net";

/** What every HTTP/2 connection begins with (RFC 9113 section 3.4), as far as no method of HTTP/1.1 does. */
const PREFACE = Buffer.from("PRI");

/** Where a connection goes once it has shown what it speaks. */
export interface ProtocolChoice {
  /** Milliseconds that a client has to send its first bytes. */
  readonly timeoutMs: number;
  readonly onHttp1: (socket: Socket) => void;
  readonly onHttp2: (socket: Socket) => void;
  /** Nothing that tells was sent in time. */
  readonly onSilence: (socket: Socket) => void;
}

/**
 * Reads a new connection up to the bytes that tell HTTP/2 with prior knowledge (RFC 9113 section 3.3) from HTTP/1.1,
 * and hands it on as if nobody had read from it. A connection that ends before that is let go.
 */
export function chooseProtocol(socket: Socket, { timeoutMs, onHttp1, onHttp2, onSilence }: ProtocolChoice): void {
  let head: Buffer = Buffer.alloc(0);
  const received = (bytes: Buffer) => {
    head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
    const length = Math.min(head.length, PREFACE.length);
    const beginsLikeHttp2 = head.compare(PREFACE, 0, length, 0, length) === 0;
    if (beginsLikeHttp2 && length < PREFACE.length) return;
    release();
    socket.pause();
    socket.unshift(head);
    if (beginsLikeHttp2) return onHttp2(socket);
    onHttp1(socket);
    socket.resume();
  };
  const gone = () => {
    release();
    socket.destroy();
  };
  const silent = () => {
    release();
    onSilence(socket);
  };
  const release = () => {
    socket.setTimeout(0);
    socket.off("data", received).off("end", gone).off("error", gone).off("close", gone).off("timeout", silent);
  };
  socket.setTimeout(timeoutMs);
  socket.on("data", received).on("end", gone).on("error", gone).on("close", gone).on("timeout", silent);
}
