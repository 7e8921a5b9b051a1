import { STATUS_CODES } from "node:http";
import { shown } from "../../body/text.ts";
import type { SignatureVerdict } from "../../credentials/user-signature.ts";
import { type Answer, JSON_TYPE, logLevelOf, retryAfterSeconds } from "../answer.ts";
import type { Fault } from "../fault.ts";

/** Every code of this surface and the status it is answered with; those of faults beyond http.md are our own. */
const STATUS_OF = {
  INVALID_REQUEST: 400,
  MISSING_FIELD: 400,
  INVALID_TYPE: 400,
  MISSING_AUTH: 401,
  INVALID_API_KEY: 401,
  REVOKED_API_KEY: 401,
  INSUFFICIENT_PERMISSIONS: 403,
  ORIGIN_NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  IDEMPOTENCY_CONFLICT: 409,
  RATE_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof STATUS_OF;

/** All of them. */
export const ERROR_CODES = Object.keys(STATUS_OF) as ErrorCode[];

/** What is wrong with a request or, in a batch, with one event: the first fault found. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** A required field is absent, null or empty. */
export function missingField(field: string): Refusal {
  return { code: "MISSING_FIELD", message: `${field} is required`, details: { field, issue: "required" } };
}

/** A field has a value of another JSON type. */
export function invalidType(field: string, expected: string, value: unknown): Refusal {
  const message = `${field} must be ${withArticle(expected)}, but is ${shown(value)}`;
  return { code: "INVALID_TYPE", message, details: { field, expected, received: typeName(value) } };
}

/** Anything else that is wrong with a field; `issue` completes the field's name to a sentence. */
export function invalidField(field: string, issue: string): Refusal {
  return { code: "INVALID_REQUEST", message: `${field} ${issue}`, details: { field, issue } };
}

/** A signature that the app requires. The message never shows it: it may be right for another user. */
export function signatureNotValid(verdict: Exclude<SignatureVerdict, "valid">): Refusal {
  if (verdict === "absent") return missingField("user_signature");
  const issue = verdict === "malformed" ? "is not 64 hex digits" : "is not the one of user_id";
  return invalidField("user_signature", issue);
}

/** The request's idempotency key, or the event's id, stands for another body. */
export const IDEMPOTENCY_CONFLICT: Refusal = {
  code: "IDEMPOTENCY_CONFLICT",
  message: "This idempotency key was sent with another body within 24 hours; send a new key with a new event",
};

/** The answer to a refused request: `{"error","message","code","details"?}`. */
export function refuse(refusal: Refusal): Answer {
  const { code, message, details } = refusal;
  const status = STATUS_OF[code];
  return {
    status,
    contentType: JSON_TYPE,
    payload: JSON.stringify({
      error: STATUS_CODES[status],
      message,
      code,
      ...(details === undefined ? {} : { details }),
    }),
    verdict: code.toLowerCase(),
    logLevel: logLevelOf(status),
  };
}

/** Every fault in this surface's words. */
export function answerFault(fault: Fault): Answer {
  switch (fault.kind) {
    case "not_found":
      return refuse({ code: "NOT_FOUND", message: "There is nothing at this path" });
    case "method_not_allowed": {
      const message = `This method is not allowed here; use ${fault.allow}`;
      return { ...refuse({ code: "METHOD_NOT_ALLOWED", message }), headers: { Allow: fault.allow } };
    }
    case "rate_limited": {
      const seconds = retryAfterSeconds(fault.waitMs);
      const details = { limit: fault.limit, window: windowName(fault.windowMs), retry_after: seconds };
      const refusal: Refusal = { code: "RATE_LIMIT_EXCEEDED", message: "Rate limit exceeded", details };
      return { ...refuse(refusal), retryAfterSeconds: seconds };
    }
    case "overloaded": {
      const seconds = retryAfterSeconds(fault.waitMs);
      const message = `The service is overloaded; retry in ${seconds} s`;
      return { ...refuse({ code: "SERVICE_UNAVAILABLE", message }), retryAfterSeconds: seconds };
    }
    case "unreadable":
      return refuse(unreadableBody(fault.fault.message));
    case "internal":
      return refuse({ code: "INTERNAL_ERROR", message: "Something went wrong on our side" });
  }
}

/** The body as a whole cannot be read. */
export function unreadableBody(message: string): Refusal {
  return { code: "INVALID_REQUEST", message, details: { field: "body", issue: message } };
}

/** JSON type of a value. */
function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function withArticle(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function windowName(windowMs: number): string {
  return windowMs === 60_000 ? "1 minute" : `${windowMs / 1000} second${windowMs === 1000 ? "" : "s"}`;
}
