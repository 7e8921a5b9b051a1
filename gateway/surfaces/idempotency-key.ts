import { shown } from "../body/text.ts";

/** Visible ASCII, 1 to 255 characters: what fits any client's generator, a header and a log line. */
const VALID = /^[\x21-\x7e]{1,255}$/;

/** A sender's key for repeating a request: null where it sent none, or what is wrong with the one that it sent. */
export type IdempotencyKeyReading =
  | { readonly ok: true; readonly key: string | null }
  | { readonly ok: false; readonly message: string };

/** Reads an `Idempotency-Key`, or a field that stands for one; `name` is how messages call it. */
export function readIdempotencyKey(sent: unknown, name: string): IdempotencyKeyReading {
  if (sent === undefined || sent === null) return { ok: true, key: null };
  if (typeof sent === "string" && VALID.test(sent)) return { ok: true, key: sent };
  return { ok: false, message: `${name} must be 1 to 255 visible ASCII characters, not ${shown(sent)}` };
}
