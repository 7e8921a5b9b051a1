import { type Answer, JSON_TYPE, logLevelOf } from "../answer.ts";
import type { Fault } from "../fault.ts";
import {
  bodyError,
  methodNotAllowed,
  notFound,
  overloaded,
  type Rejection,
  rateLimited,
  renderRejection,
} from "./errors.ts";

/** How a rejection is sent and logged. */
export function rejectionAnswer(rejection: Rejection): Answer {
  return {
    status: rejection.status,
    contentType: JSON_TYPE,
    payload: renderRejection(rejection),
    verdict: rejection.errors[0]!.code,
    logLevel: logLevelOf(rejection.status),
    ...(rejection.allow === null ? {} : { headers: { Allow: rejection.allow } }),
    ...(rejection.retryAfterSeconds === null ? {} : { retryAfterSeconds: rejection.retryAfterSeconds }),
  };
}

/** A successful answer. */
export function successAnswer(body: object, verdict: string): Answer {
  return { status: 200, contentType: JSON_TYPE, payload: JSON.stringify(body), verdict, logLevel: "info" };
}

/** How long a client should stay away after a defect of ours, in milliseconds. */
const DEFECT_WAIT_MS = 5_000;

/** Every fault in this surface's words. Its published errors have no 500: a defect is answered as overload. */
export function answerFault(fault: Fault): Answer {
  switch (fault.kind) {
    case "not_found":
      return rejectionAnswer(notFound());
    case "method_not_allowed":
      return rejectionAnswer(methodNotAllowed(fault.allow));
    case "rate_limited":
      return rejectionAnswer(rateLimited(fault.waitMs));
    case "overloaded":
      return rejectionAnswer(overloaded(fault.waitMs));
    case "unreadable":
      return rejectionAnswer({ status: 400, errors: [bodyError(fault.fault)], retryAfterSeconds: null, allow: null });
    case "internal":
      return { ...rejectionAnswer(overloaded(DEFECT_WAIT_MS)), verdict: "internal", logLevel: "error" };
  }
}
