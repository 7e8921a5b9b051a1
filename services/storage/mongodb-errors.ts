import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from "mongodb";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";

/** The unique index, `_id` included, has this key already. */
export const duplicateKey = 11000;

/**
 * Codes of servers that cannot do now what they could do at another time: unreachable, not primary, shutting down,
 * timed out, out of disk, overloaded, write concern not met
 * (https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml).
 */
const unavailableCodes = new Set<unknown>([
  6, 7, 24, 43, 46, 50, 63, 64, 79, 89, 91, 100, 112, 133, 134, 150, 175, 189, 202, 237, 262, 279, 290, 317, 365, 384,
  391, 407, 412, 462, 9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031,
]);

const unavailableLabels = ["RetryableWriteError", "RetryableError", "SystemOverloadedError"];

/** The client is closed on this side. */
function isClosed(error: unknown): boolean {
  return (
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError
  );
}

function isUnavailable(error: unknown): boolean {
  if (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoWriteConcernError ||
    isClosed(error)
  ) {
    return true;
  }
  if (!(error instanceof MongoServerError)) return false;
  if (error instanceof MongoBulkWriteError && (hasUnavailablePart(error) || isOfDriver(error))) return true;
  return unavailableCodes.has(error.code) || unavailableLabels.some((label) => error.hasErrorLabel(label));
}

function hasUnavailablePart(error: MongoBulkWriteError): boolean {
  if (error.result.getWriteConcernError()) return true;
  return writeErrors(error).some(({ code }) => unavailableCodes.has(code));
}

/**
 * The driver wraps whatever ends a bulk in an error of a bulk: without write errors and without a server's code, it is
 * that the connection was lost, and nothing is known of any element.
 */
function isOfDriver(error: MongoBulkWriteError): boolean {
  return writeErrors(error).length === 0 && error.code === undefined;
}

/** The elements of a bulk that failed; the driver hands over one alone as it is. */
export function writeErrors(error: MongoBulkWriteError): readonly { readonly index: number; readonly code: number }[] {
  return [error.writeErrors].flat();
}

/**
 * Runs an operation of the driver. Rejects with {@link StoreUnavailableError} where the server was not reached, may not
 * have done it, or has not made it durable; with the driver's own error otherwise (a duplicate key, a wrong query). An
 * error of a bulk is about elements: one that is about the whole bulk is the cause of another error.
 */
export async function onMongodb<R>(operation: () => Promise<R>): Promise<R> {
  try {
    return await operation();
  } catch (error) {
    if (!isUnavailable(error)) {
      if (!(error instanceof MongoBulkWriteError) || writeErrors(error).length > 0) throw error;
      throw new Error(`MongoDB refused a bulk: ${error.message}`, { cause: error });
    }
    const reason = isClosed(error) ? "closed" : "failed";
    throw new StoreUnavailableError("MongoDB is unavailable", { reason, cause: error });
  }
}
