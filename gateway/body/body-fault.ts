/**
 * Why a body could not be read as a whole. Each surface words its own error from this:
 * `malformed` (bytes, syntax, media type), `too_large` (after inflation), `not_object` (readable, but
 * another JSON value). `message` is complete and safe to send: no secrets, no engine internals.
 */
export interface BodyFault {
  readonly kind: "malformed" | "too_large" | "not_object";
  readonly message: string;
}

/** A body is at most this many bytes, before and after inflation (http.md). */
export const MAX_BODY_BYTES = 64 * 1024;

/** The fault of a body that is larger than `MAX_BODY_BYTES`. */
export const BODY_TOO_LARGE: BodyFault = {
  kind: "too_large",
  message: `body is larger than ${MAX_BODY_BYTES} bytes, the most that is accepted (after inflation)`,
};
