import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../../services/runtime/clock.ts";
import { withDeadline } from "../deadline.ts";
import { overloadedFault, RequestFault } from "./fault.ts";

/** Errors that say nothing of the request: it may be sent again as it is. */
const TRANSIENT_CODES: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.Aborted,
  Code.ResourceExhausted,
]);

/**
 * Calls a service for one request, which must be answered by `deadlineMs`. Rejects with an overloaded `RequestFault`
 * where the same request may be sent again, else with an internal one.
 */
export async function callWithin<T>(
  clock: Clock,
  deadlineMs: number,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const timeoutMs = Math.max(1, deadlineMs - clock.now());
  try {
    return await withDeadline({ clock, timeoutMs }, (signal) => call({ signal, timeoutMs }));
  } catch (error) {
    if (TRANSIENT_CODES.has(ConnectError.from(error).code)) throw overloadedFault(error);
    throw new RequestFault({ kind: "internal" }, { cause: error });
  }
}
