import type { BodyFault } from "../body/body-fault.ts";

/** What can go wrong on any surface; each words it in its own shape (`Surface.answerFault`). */
export type Fault =
  | { readonly kind: "not_found" }
  /** `allow`: the path's methods, separated by commas. */
  | { readonly kind: "method_not_allowed"; readonly allow: string }
  /** `limit` requests a window of `windowMs`; `waitMs` until one may pass again. */
  | { readonly kind: "rate_limited"; readonly limit: number; readonly windowMs: number; readonly waitMs: number }
  /** Too much work, or something needed cannot be reached; `waitMs` until a retry makes sense. */
  | { readonly kind: "overloaded"; readonly waitMs: number }
  | { readonly kind: "unreadable"; readonly fault: BodyFault }
  /** A defect of ours. */
  | { readonly kind: "internal" };

/** Carries a {@link Fault} to where it is answered. */
export class RequestFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, options?: ErrorOptions) {
    super(fault.kind, options);
    this.name = "RequestFault";
    this.fault = fault;
  }
}

/** Until a shed client should come back, in milliseconds: long enough for a queue to empty. */
const SHED_WAIT_MS = 2_000;

/** The fault of a request that is refused because of load, or because something needed cannot be reached. */
export function overloadedFault(cause?: unknown): RequestFault {
  return new RequestFault({ kind: "overloaded", waitMs: SHED_WAIT_MS }, cause === undefined ? undefined : { cause });
}
