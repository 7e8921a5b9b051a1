import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { BODY_TOO_LARGE, type BodyFault, MAX_BODY_BYTES } from "./body-fault.ts";
import { excerpt } from "./text.ts";

const inflate = promisify(gunzip);

export type DecodedBody =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly fault: BodyFault };

/**
 * Undoes a request's `Content-Encoding`: none, `identity`, `gzip` or its old name `x-gzip` (RFC 9110
 * section 8.4.1). Never inflates more than 64 KB, however large the content claims to be. A body that is
 * not gzip, is cut off or fails its checksum is `malformed`, and so is any other encoding.
 */
export async function decodeBody(bytes: Uint8Array, contentEncoding: string | undefined): Promise<DecodedBody> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? "";
  if (bytes.length > MAX_BODY_BYTES) return { ok: false, fault: BODY_TOO_LARGE };
  if (encoding === "" || encoding === "identity") return { ok: true, bytes };
  if (encoding !== "gzip" && encoding !== "x-gzip") return malformed(unknownEncoding(encoding));
  try {
    return { ok: true, bytes: await inflate(bytes, { maxOutputLength: MAX_BODY_BYTES }) };
  } catch (error) {
    if (isOutputTooLarge(error)) return { ok: false, fault: BODY_TOO_LARGE };
    return malformed("body is not valid gzip, although Content-Encoding says so");
  }
}

function isOutputTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function unknownEncoding(encoding: string): string {
  return `Content-Encoding ${JSON.stringify(excerpt(encoding))} is not supported; send gzip or none`;
}

function malformed(message: string): DecodedBody {
  return { ok: false, fault: { kind: "malformed", message } };
}
