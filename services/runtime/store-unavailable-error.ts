/**
 * Why a store did not do what it was asked:
 * - `overloaded`: more work is waiting than the store accepts; nothing was tried.
 * - `closed`: the store is shutting down or gone; nothing was tried.
 * - `failed`: it was tried and is not known to have happened. It may have.
 */
export type StoreUnavailableReason = "overloaded" | "closed" | "failed";

/**
 * The store cannot be reached or refuses; the same request may be sent again later. Never says that something was or
 * was not stored. Handlers let it through: it is answered as `Code.Unavailable` with a retry-after.
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  readonly reason: StoreUnavailableReason;

  constructor(message: string, options: ErrorOptions & { readonly reason: StoreUnavailableReason }) {
    super(message, options);
    this.reason = options.reason;
  }
}
