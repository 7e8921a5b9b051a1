import { deflateSync, gzipSync } from "node:zlib";
import type { Dice } from "./dice.ts";

/** Inflates to 64 MB, a thousand times what is accepted. */
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
const PIECES = ["\ufeff", "\0", "\\ud800", "é", "]]>", "<!DOCTYPE x>", "&x;", "{", "}", '"', ",", "\r\n", "\u2028"];

/** Bytes of which some are replaced, cut out, doubled or inserted. */
export function damaged(bytes: Buffer, dice: Dice): Buffer {
  let result = bytes;
  for (let times = 1 + dice.below(3); times > 0; times--) {
    const at = dice.below(result.length + 1);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    const length = dice.below(Math.min(after.length, 64) + 1);
    switch (dice.below(5)) {
      case 0:
        result = Buffer.concat([before, dice.bytes(4), after.subarray(length)]);
        break;
      case 1:
        result = before;
        break;
      case 2:
        result = Buffer.concat([before, after.subarray(0, length), after]);
        break;
      case 3:
        result = Buffer.concat([before, Buffer.from(dice.pick(PIECES)), after]);
        break;
      default:
        result = Buffer.concat([before, after.subarray(length)]);
    }
  }
  return result;
}

/** A body with the `Content-Encoding` that it is sent with: gzip that is whole, cut, damaged or a bomb, or a lie. */
export function encoded(body: Buffer, dice: Dice): { readonly encoding: string; readonly body: Buffer } {
  const gzip = () => gzipSync(body, { level: 1 });
  switch (dice.below(8)) {
    case 0:
      return { encoding: "gzip", body };
    case 1:
      return { encoding: "gzip", body: damaged(gzip(), dice) };
    case 2:
      return { encoding: "gzip", body: Buffer.concat([gzip(), dice.chance(50) ? gzip() : dice.bytes(9)]) };
    case 3:
      return dice.chance(90)
        ? { encoding: "gzip", body: gzip() }
        : { encoding: "gzip", body: BOMB.subarray(0, 65_000) };
    case 4:
      return { encoding: dice.pick(["br", "identity", "GZIP", "gzip, gzip", "x-gzip", "", "zstd"]), body: gzip() };
    case 5:
      return { encoding: dice.pick(["deflate", "gzip"]), body: deflateSync(body) };
    default:
      return { encoding: "gzip", body: gzip() };
  }
}
