import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "./log.ts";
import { StoreUnavailableError } from "./store-unavailable-error.ts";

/** Seconds after which a caller may ask a store again that was unavailable. */
const retryAfterSeconds = 1;

/**
 * What a caller is told of an error that a handler let through: its own `ConnectError`s as they are, an unavailable
 * store as `Code.Unavailable` with a `retry-after`, an aborted call as canceled; of anything else only that it happened.
 */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof StoreUnavailableError) {
    const metadata = { "retry-after": String(retryAfterSeconds) };
    return new ConnectError("the store is unavailable", Code.Unavailable, metadata, undefined, error);
  }
  if (error instanceof Error && error.name === "AbortError") return ConnectError.from(error, Code.Canceled);
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}

/** Codes that say that something is wrong on this side of the call. */
const faults = new Set([Code.Internal, Code.Unknown, Code.DataLoss, Code.Unimplemented]);

/** Logs what the operator should know of an error that answers a call: faults, and stores that cannot be reached. */
export function logCallError(log: Logger, error: ConnectError, method: string): void {
  if (faults.has(error.code)) log.error({ err: error, method }, "call failed");
  else if (error.code === Code.Unavailable) log.warn({ err: error, method }, "call refused: unavailable");
}
