import { type Answer, JSON_TYPE, logLevelOf, retryAfterSeconds } from "../answer.ts";
import type { Fault } from "../fault.ts";

/** Codes of PushEngage's errors: the published ones, and for the rest what http.md says or the status in thousands. */
const CODE = {
  wrongKey: 401_000,
  noKey: 401_002,
  internal: 1001,
  invalidData: 1003,
  rateLimited: 1004,
  idempotencyConflict: 1005,
  notFound: 404_000,
  methodNotAllowed: 405_000,
} as const;

const INTERNAL_MESSAGE = "Something went wrong.";

/** One thing that is wrong with a request; `path` leads to it in the body, and is empty for the body as a whole. */
export interface Problem {
  readonly message: string;
  readonly path: readonly string[];
}

/** A request that is wrong in at least one way, all of which are told. */
export function invalidData(problems: readonly Problem[]): Answer {
  const details = problems.map(({ message, path }) => ({ message, path }));
  return failure(400, { code: CODE.invalidData, message: "Invalid data", details }, "invalid_data");
}

/** The request has no `Api-Key`. */
export function noKey(): Answer {
  const message = "API key is required. Please provide a valid API key in the API-KEY header.";
  return failure(401, { code: CODE.noKey, message }, "no_key");
}

/** No app's server key; a revoked or a public one is none either. */
export function wrongKey(): Answer {
  const message = "Invalid API key. The provided API key was not found or is incorrect.";
  return failure(401, { code: CODE.wrongKey, message }, "wrong_key");
}

/** The request's idempotency key stands for another body. */
export function idempotencyConflict(): Answer {
  const message = "This Idempotency-Key was sent with another body within 24 hours. Send a new key with a new event.";
  return failure(409, { code: CODE.idempotencyConflict, message }, "idempotency_conflict");
}

/** Every fault in this surface's words. */
export function answerFault(fault: Fault): Answer {
  switch (fault.kind) {
    case "not_found":
      return failure(404, { code: CODE.notFound, message: "There is nothing at this path." }, "not_found");
    case "method_not_allowed": {
      const message = `This method is not allowed here. Use ${fault.allow}.`;
      const answer = failure(405, { code: CODE.methodNotAllowed, message }, "method_not_allowed");
      return { ...answer, headers: { Allow: fault.allow } };
    }
    case "rate_limited":
      return later(429, { code: CODE.rateLimited, message: "Too many requests.", waitMs: fault.waitMs });
    case "overloaded":
      return later(503, { code: CODE.internal, message: "The service is overloaded.", waitMs: fault.waitMs });
    case "unreadable":
      return invalidData([{ message: fault.fault.message, path: [] }]);
    case "internal":
      return failure(500, { code: CODE.internal, message: INTERNAL_MESSAGE }, "internal");
  }
}

function later(status: 429 | 503, error: { code: number; message: string; waitMs: number }): Answer {
  const seconds = retryAfterSeconds(error.waitMs);
  const message = `${error.message} Retry in ${seconds} s.`;
  const verdict = status === 429 ? "rate_limited" : "overloaded";
  return { ...failure(status, { code: error.code, message }, verdict), retryAfterSeconds: seconds };
}

interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly details?: readonly Problem[];
}

function failure(status: number, { code, message, details }: ErrorBody, verdict: string): Answer {
  const error = { message, code, ...(details === undefined ? {} : { details }) };
  return {
    status,
    contentType: JSON_TYPE,
    payload: JSON.stringify({ error }),
    verdict,
    logLevel: logLevelOf(status),
  };
}
