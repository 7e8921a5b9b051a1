import type { BodyFault } from "../../body/body-fault.ts";

/** Every code of this surface and the status it is answered with (http.md, SmartAppPush). */
const STATUS_OF = {
  required: 400,
  invalid_type: 400,
  invalid_format: 400,
  invalid_value: 400,
  too_long: 400,
  too_large: 400,
  too_deep: 400,
  reserved: 400,
  malformed_json: 400,
  same_token: 400,
  unknown_api_key: 401,
  unknown_device: 404,
  not_found: 404,
  method_not_allowed: 405,
  token_conflict: 409,
  idempotency_conflict: 409,
  rate_limited: 429,
  overloaded: 503,
} as const;

export type ErrorCode = keyof typeof STATUS_OF;

/** All of them. */
export const ERROR_CODES = Object.keys(STATUS_OF) as ErrorCode[];

/** One failing field; `field` is a top-level field, or `body` for the request as a whole. */
export interface FieldError {
  readonly field: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** The endpoints that answer an unknown key each in its own way. */
export type Endpoint = "/events" | "/events/validate" | "/pushes/opened" | "/devices/refresh-token";

/** A request refused: everything the answer needs. */
export interface Rejection {
  readonly status: number;
  readonly errors: readonly FieldError[];
  /** Whole seconds for `Retry-After`, at least 1; null on every status but 429 and 503. */
  readonly retryAfterSeconds: number | null;
  /** The value of `Allow`; null on every status but 405. */
  readonly allow: string | null;
}

/** The JSON body of a rejection: `{"errors":[{"field","code","message"}]}`. */
export function renderRejection(rejection: Rejection): string {
  const errors = rejection.errors.map(({ field, code, message }) => ({ field, code, message }));
  return JSON.stringify({ errors });
}

/**
 * The rejection for failing fields, at least one. A fault in the request (400) outranks unknown credentials
 * (401); on `/events` these are a 400 too, because the published clients drop a 400 and retry anything else.
 */
export function rejectFields(errors: readonly FieldError[], endpoint: Endpoint): Rejection {
  let status = 0;
  for (const { code } of errors) {
    const own = statusOn(endpoint, code);
    if (status === 0 || own === 400) status = own;
  }
  return { status, errors, retryAfterSeconds: null, allow: null };
}

/** The error for a tenant or key that does not exist, or a `server_key` sent as `api_key`. */
export function unknownApiKey(): FieldError {
  const message =
    "api_key is not a client key of tenant_id; check both in the app settings (a server_key does not count)";
  return { field: "api_key", code: "unknown_api_key", message };
}

/** The error for a body that could not be read. */
export function bodyError(fault: BodyFault): FieldError {
  const code = ({ malformed: "malformed_json", too_large: "too_large", not_object: "invalid_type" } as const)[
    fault.kind
  ];
  return { field: "body", code, message: fault.message };
}

/** `/devices/refresh-token`: no device has the old token. */
export function unknownDevice(): FieldError {
  const message = "old_token belongs to no device of this app; send an event with new_token instead";
  return { field: "old_token", code: "unknown_device", message };
}

/** `/devices/refresh-token`: the new token is another user's device. */
export function tokenConflict(): FieldError {
  const message = "new_token already belongs to a device of another user; if it changed hands, send its app_user_id";
  return { field: "new_token", code: "token_conflict", message };
}

/** 429; `retryAfterMs` is the time until a request may succeed, in milliseconds. */
export function rateLimited(retryAfterMs: number): Rejection {
  const seconds = wholeSeconds(retryAfterMs);
  return retryLater(seconds, { code: "rate_limited", message: `too many requests; retry in ${seconds} s` });
}

/** 503; `retryAfterMs` as in `rateLimited`. Also for a store of credentials that cannot be reached. */
export function overloaded(retryAfterMs: number): Rejection {
  const seconds = wholeSeconds(retryAfterMs);
  return retryLater(seconds, { code: "overloaded", message: `the service is overloaded; retry in ${seconds} s` });
}

/** 404 for a path that does not exist. */
export function notFound(): Rejection {
  const message = "there is nothing at this path; see the API reference for the endpoints";
  return { ...ofRequest("not_found", message), retryAfterSeconds: null, allow: null };
}

/** 405; `allow` is the value of the `Allow` header: the methods of the path, separated by commas. */
export function methodNotAllowed(allow: string): Rejection {
  const message = `this method is not allowed here; use ${allow}`;
  return { ...ofRequest("method_not_allowed", message), retryAfterSeconds: null, allow };
}

/**
 * `errors` in the order of the field table `fields`, with those of `body` first and those of fields that the
 * table lacks last. The way to add an unknown key to the errors of a body.
 */
export function inFieldOrder<E extends Pick<FieldError, "field">>(
  errors: readonly E[],
  fields: readonly string[],
): E[] {
  const rank = (field: string) => {
    if (field === "body") return -1;
    const at = fields.indexOf(field);
    return at < 0 ? fields.length : at;
  };
  return errors.toSorted((a, b) => rank(a.field) - rank(b.field));
}

function statusOn(endpoint: Endpoint, code: ErrorCode): number {
  if (code === "unknown_api_key" && endpoint.startsWith("/events")) return 400;
  return STATUS_OF[code];
}

function retryLater(seconds: number, { code, message }: { code: ErrorCode; message: string }): Rejection {
  return { ...ofRequest(code, message), retryAfterSeconds: seconds, allow: null };
}

function ofRequest(code: ErrorCode, message: string): Pick<Rejection, "status" | "errors"> {
  return { status: STATUS_OF[code], errors: [{ field: "body", code, message }] };
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
