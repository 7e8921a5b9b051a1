import { connect, type Socket } from "node:net";

/** What was answered; `retryAfter` only tells whether the header was there. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: boolean;
}

/** One keep-alive connection that sends one request at a time: as little of HTTP/1.1 as the benchmark's servers speak. */
export interface HttpConnection {
  /** Sends a POST with a JSON body; resolves through `onAnswer`, or `onBroken` where the connection ends before that. */
  post(body: string): void;
  readonly busy: boolean;
  destroy(): void;
}

export interface HttpConnectionOptions {
  readonly port: number;
  readonly path: string;
  onAnswer(answer: HttpAnswer): void;
  onBroken(): void;
}

const HEADER_END = "\r\n\r\n";
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Connects to loopback; undici would cost twice as much of the processor that the measured system needs. */
export function httpConnection({ port, path, onAnswer, onBroken }: HttpConnectionOptions): HttpConnection {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: `;
  const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let received = "";
  let busy = false;
  let gone = false;

  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    received = received === "" ? text : received + text;
    const headerEnd = received.indexOf(HEADER_END);
    if (headerEnd < 0) return;
    const header = received.slice(0, headerEnd);
    const bodyLength = Number(LENGTH.exec(header)?.[1] ?? 0);
    if (received.length < headerEnd + HEADER_END.length + bodyLength) return;
    received = "";
    busy = false;
    onAnswer({ status: Number(header.slice(9, 12)), retryAfter: /\r\nretry-after:/i.test(header) });
  });
  const broken = () => {
    if (gone) return;
    gone = true;
    socket.destroy();
    onBroken();
  };
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
