/** What the main thread and the database's worker say to each other. */

/** Handed to the worker when it starts. */
export interface SqliteWorkerData {
  readonly file: string;
  readonly durability: SqliteDurability;
}

/**
 * When what was committed is on the disk: `commit`, before the call is answered; `sync`, no later than what was
 * committed after it, and once a `sync` asked for after the answer has resolved.
 */
export type SqliteDurability = "commit" | "sync";

export interface ProgramCall {
  readonly id: number;
  readonly set: string;
  readonly program: string;
  readonly args: unknown;
  /** Of the arguments, roughly. */
  readonly bytes: number;
}

export type Request =
  | { readonly kind: "calls"; readonly calls: readonly ProgramCall[] }
  | { readonly kind: "load"; readonly id: number; readonly set: string; readonly module: string }
  | { readonly kind: "probe"; readonly id: number }
  | { readonly kind: "close" };

export interface Failure {
  /** The database's fault, not the call's. */
  readonly unavailable: boolean;
  readonly message: string;
  readonly stack?: string;
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

export type Response =
  | { readonly kind: "opened" }
  | { readonly kind: "not_opened"; readonly message: string }
  | { readonly kind: "answers"; readonly answers: readonly Answer[] };
