import { Code, ConnectError } from "@connectrpc/connect";

/** Errors that a service means for the caller: their messages are written for it. */
const MEANT_FOR_CALLER: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.PermissionDenied,
  Code.Aborted,
]);
/** Errors whose code helps the caller, but whose message may name addresses or stores. */
const WORDED_HERE: ReadonlyMap<Code, string> = new Map([
  [Code.Canceled, "the call was cancelled"],
  [Code.DeadlineExceeded, "the call took longer than its deadline"],
  [Code.Unimplemented, "this method is not implemented"],
]);
const RETRY_AFTER_SECONDS = "2";

/** `UNAVAILABLE`, which is 503 over HTTP, with its `Retry-After`. */
export function unavailable(cause: unknown): ConnectError {
  const message = "the service cannot be reached now; retry later";
  return new ConnectError(message, Code.Unavailable, { "Retry-After": RETRY_AFTER_SECONDS }, undefined, cause);
}

/** What a caller is told of a service's error: its own words where they are meant for it, no internals ever. */
export function errorForCaller(thrown: unknown): ConnectError {
  const error = ConnectError.from(thrown);
  if (MEANT_FOR_CALLER.has(error.code)) {
    return new ConnectError(error.rawMessage, error.code, undefined, undefined, error);
  }
  // 429 over HTTP, which must say when to come back.
  if (error.code === Code.ResourceExhausted) {
    const header = { "Retry-After": RETRY_AFTER_SECONDS };
    return new ConnectError("too much at once; retry later", error.code, header, undefined, error);
  }
  if (error.code === Code.Unavailable) return unavailable(error);
  const message = WORDED_HERE.get(error.code);
  if (message !== undefined) return new ConnectError(message, error.code, undefined, undefined, error);
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}
