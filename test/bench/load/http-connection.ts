import { connect, type Socket } from "node:net";

/** What was answered; `retryAfter` only tells whether the header was there. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: boolean;
}

/** One keep-alive connection that sends one request at a time: as little of HTTP/1.1 as the benchmark's servers speak. */
export interface HttpConnection {
  /** Sends a POST with a JSON body; `onAnswer` tells of the answer, or `onBroken` that the connection ended before it. */
  post(body: string): void;
  readonly busy: boolean;
  destroy(): void;
}

export interface HttpConnectionOptions {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  onAnswer(answer: HttpAnswer): void;
  onBroken(wasBusy: boolean): void;
}

const HEADER_END = "\r\n\r\n";
const LENGTH = /\r\ncontent-length: *(\d+)/i;
/** What every connection reads into: what is read is looked at before anything else is. */
const READ = Buffer.allocUnsafe(64 * 1_024);

/** Connects to loopback; undici would cost twice as much of the processor that the measured system needs. */
export function httpConnection(options: HttpConnectionOptions): HttpConnection {
  const { port, path, headers = {}, onAnswer, onBroken } = options;
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${own.join("")}` +
    "Content-Type: application/json\r\nContent-Length: ";
  let received = "";
  let busy = false;
  let gone = false;

  function read(bytes: number): boolean {
    // A server that closes an idle connection may say so, with 408: nobody asked.
    if (!busy) return true;
    const text = READ.toString("latin1", 0, bytes);
    received = received === "" ? text : received + text;
    const headerEnd = received.indexOf(HEADER_END);
    if (headerEnd < 0) return true;
    const header = received.slice(0, headerEnd);
    const bodyLength = Number(LENGTH.exec(header)?.[1] ?? 0);
    if (received.length < headerEnd + HEADER_END.length + bodyLength) return true;
    received = "";
    busy = false;
    const status = Number(header.slice(9, 12));
    onAnswer({ status, retryAfter: status === 503 && /\r\nretry-after:/i.test(header) });
    return true;
  }
  const broken = () => {
    if (gone) return;
    gone = true;
    socket.destroy();
    onBroken(busy);
  };
  const onread = { buffer: READ, callback: read };
  const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
  socket.on("error", broken);
  socket.on("close", broken);

  return {
    post(body) {
      busy = true;
      // Bodies are ASCII, so that characters are bytes.
      socket.write(`${head}${body.length}${HEADER_END}${body}`, "latin1");
    },
    get busy() {
      return busy;
    },
    destroy() {
      gone = true;
      socket.destroy();
    },
  };
}
