import { damaged } from "./byte-mutations.ts";
import type { Dice } from "./dice.ts";
import type { BytesInput, Credentials } from "./input.ts";

const HEADERS = [
  ...["Content-Length: 5", "Content-Length: 2", "Content-Length: -1", "Content-Length: 99999999999999999999"],
  ...["Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity"],
  ...[
    "Host: a",
    "Host: b c",
    "Host:",
    "Connection: close",
    "Connection: upgrade",
    "Upgrade: websocket",
    "Upgrade: h2c",
  ],
  ...[
    "Expect: 100-continue",
    "Expect: x",
    "X: \u0001",
    "X : y",
    ": y",
    " folded",
    "X-Request-Id: \u00e9",
    "Te: trailers",
  ],
  ...["HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "Content-Type: application/json", `X: ${"y".repeat(17_000)}`],
];
const REQUEST_LINES = [
  ...[
    "POST /events HTTP/1.1",
    "POST /events HTTP/1.0",
    "POST /events HTTP/0.9",
    "POST /events HTTP/2.0",
    "POST /events",
  ],
  ...[
    "GET * HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "CONNECT a:1 HTTP/1.1",
    "GET http://x/events HTTP/1.1",
    "G\u0000T / HTTP/1.1",
  ],
  ...[
    "BREW /events HTTP/1.1",
    "POST  /events HTTP/1.1",
    "PRI / HTTP/1.1",
    "",
    "\r\nPOST /v1/events HTTP/1.1",
    "POST /é HTTP/1.1",
  ],
  ...["POST /carillon.ingestion.v1.EventService/ListEvents HTTP/1.1", "POST /api/v1.1/pushes/post_events HTTP/1.1"],
];
const BODIES = [
  "",
  "{}",
  "hello",
  "0\r\n\r\n",
  "2\r\n{}\r\n0\r\n\r\n",
  "zz\r\n",
  "ffffffffff\r\n{}",
  "1;x=y\r\n{\r\n0\r\nT: x\r\n\r\n",
];
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** The header block `:method POST, :scheme http, :path /events, :authority x` (RFC 7541). */
const HEADER_BLOCK = Buffer.concat([
  Buffer.from([0x83, 0x86, 0x44, 7]),
  Buffer.from("/events"),
  Buffer.from([0x41, 1, 0x78]),
]);

/** What arrives on one connection: broken HTTP/1.1, HTTP/2 with broken frames, or anything at all. */
export function connectionInput(credentials: Credentials, dice: Dice): BytesInput {
  const bytes = dice.chance(25) ? http2Bytes(dice) : http1Bytes(credentials, dice);
  return { kind: "bytes", bytes: dice.chance(25) ? damaged(bytes, dice) : bytes };
}

function http1Bytes({ server_key: serverKey }: Credentials, dice: Dice): Buffer {
  const lines = [dice.pick(REQUEST_LINES), "Host: x", `Authorization: Bearer ${serverKey}`];
  while (dice.chance(60)) lines.push(dice.pick(HEADERS));
  const end = dice.chance(95) ? "\r\n" : dice.pick(["\n", "\r", "\r\n\r\n", "\r\r\n"]);
  return Buffer.from(`${lines.join(end)}${end}${end}${dice.pick(BODIES)}`, "latin1");
}

function http2Bytes(dice: Dice): Buffer {
  const frames = [PREFACE, frame({ type: 4, flags: 0, stream: 0 }, Buffer.alloc(0))];
  while (dice.chance(70)) {
    const payload = dice.chance(60) ? HEADER_BLOCK : dice.bytes(60);
    const stream = dice.pick([0, 1, 1, 1, 2, 3, 2 ** 31 - 1]);
    frames.push(
      frame({ type: dice.chance(50) ? 1 : dice.below(12), flags: dice.pick([0, 1, 4, 5, 5, 255]), stream }, payload),
    );
  }
  return Buffer.concat(frames);
}

/** A frame of HTTP/2 (RFC 9113 section 4.1). */
function frame({ type, flags, stream }: { type: number; flags: number; stream: number }, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
