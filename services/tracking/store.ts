import type { AppKey } from "../runtime/app-key.ts";
import type { conflict, Filed, Versioned } from "../storage/versioned-documents.ts";
import type { LedgerEntry, PushState, RegisteredPush, SenderId } from "./push.ts";
import type { PushKey, TrackingToken } from "./push-key.ts";

/**
 * The push ledger of all apps.
 *
 * Every write is durable when its promise resolves; when it rejects, nothing is known and the same call may be made
 * again. One entry changes atomically; several entries of one call are independent of each other.
 */
export interface PushStore {
  /** The entries that exist, by key. */
  load(keys: readonly PushKey[]): Promise<Map<PushKey, Versioned<LedgerEntry>>>;
  /**
   * Writes each entry whose stored version still is the expected one (0: it does not exist). Keys are distinct.
   *
   * The answer has, for each write in order, the new version, or `conflict` where the stored version was another one.
   */
  save(writes: readonly EntryWrite[]): Promise<(number | typeof conflict)[]>;
  /** Removes each entry whose stored version still is the given one, and says how many those were. */
  remove(removals: readonly EntryVersion[]): Promise<number>;

  /** Registered pushes that fit all filters, in falling order of (sent time, tracking token). */
  list(query: PushListQuery): Promise<StoredPush[]>;
  /** Pushes sent to the anonymous owner of any of these devices, in order of (sent time, tracking token). */
  floating(query: FloatingQuery): Promise<StoredPush[]>;
  /** Distinct keys of devices that {@link floating} finds something for, ascending. */
  floatingDeviceKeys(query: DistinctKeysQuery): Promise<string[]>;
  /** How many pushes each of these events took, in their order. */
  countAttributedBy(app: AppKey, fingerprints: readonly string[]): Promise<number[]>;
  /** How many pushes are in each state. */
  countByState(query: PushCountQuery): Promise<Record<PushState, number>>;

  /** Pushes for which something is outstanding that was last begun before a time, longest ago first. */
  outstanding(query: { readonly begunBeforeMs: number; readonly limit: number }): Promise<StoredPush[]>;
  /** Unregistered pushes whose last report was received before a time, in any order. */
  expired(query: { readonly lastReceiptBeforeMs: number; readonly limit: number }): Promise<EntryVersion[]>;

  /** Keys of an app's entries greater than that of a token, ascending. */
  keys(query: KeyQuery): Promise<PushKey[]>;
  /** The entries that exist of these, with what they are found by as it is stored, and as it should be. */
  filed(keys: readonly PushKey[]): Promise<FiledEntry[]>;

  /** Whether the store answers. */
  healthy(): Promise<boolean>;
}

export interface EntryVersion {
  readonly key: PushKey;
  readonly version: number;
}

export interface KeyQuery {
  readonly app: AppKey;
  /** Empty for the first page. */
  readonly afterToken: string;
  readonly limit: number;
}

export interface FiledEntry extends Filed {
  readonly key: PushKey;
  readonly entry: LedgerEntry;
}

export interface EntryWrite {
  readonly key: PushKey;
  readonly expectedVersion: number;
  readonly entry: LedgerEntry;
}

export interface StoredPush extends EntryVersion {
  readonly push: RegisteredPush;
}

/** A place in the order of pushes. */
export interface PushPosition {
  /** Milliseconds since 1970. */
  readonly sentMs: number;
  readonly trackingToken: TrackingToken;
}

export interface PushListQuery {
  readonly app: AppKey;
  /** Attributed user, as it stands. */
  readonly appUserId?: string | undefined;
  /** Exact token that the pushes were sent to. */
  readonly deviceToken?: string | undefined;
  /** The last push of the page before. */
  readonly after?: PushPosition | undefined;
  readonly limit: number;
}

export interface FloatingQuery {
  readonly app: AppKey;
  /** Distinct, hex SHA-256 of the tokens; a push is found by the token in its `anon:` id. */
  readonly deviceKeys: readonly string[];
  /** Least sent time, milliseconds since 1970. */
  readonly fromMs: number;
  /** Greatest sent time, itself included. */
  readonly toMs: number;
  /** The last push of the page before. */
  readonly after?: PushPosition | undefined;
  readonly limit: number;
}

export interface DistinctKeysQuery {
  readonly app: AppKey;
  /** Only keys greater than this; empty for the first page. */
  readonly after: string;
  readonly limit: number;
}

export interface PushCountQuery {
  readonly app: AppKey;
  /** Sent at or after this, milliseconds since 1970. */
  readonly startMs?: number | undefined;
  /** Sent before this. */
  readonly endMs?: number | undefined;
  /** One of the sender's own identifiers. */
  readonly senderId?: SenderId | undefined;
}
