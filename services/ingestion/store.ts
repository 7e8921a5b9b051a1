import type { AppKey } from "../runtime/app-key.ts";
import type { Attribution, DeviceAttributes, EventCursor, NewEvent, StoredEvent } from "./event.ts";

/**
 * Stored events and event definitions of all apps.
 *
 * Every write is durable when its promise resolves; when it rejects, nothing is known and the same call may be made
 * again. A single event changes atomically; several events of one call are independent of each other.
 */
export interface EventStore {
  /**
   * Stores events that are not stored yet, pending since their receipt.
   *
   * The answers are in the order given. Of equal fingerprints in one call, the first one counts.
   */
  insert(events: readonly NewEvent[]): Promise<InsertOutcome[]>;

  /** Events pending since a time within bounds, longest pending first; equal times in any order. */
  listPending(query: PendingQuery): Promise<StoredEvent[]>;
  /** Pending events of any of these devices, in any order. */
  pendingOfDevices(app: AppKey, deviceKeys: readonly string[], limit: number): Promise<StoredEvent[]>;
  /** Since when the longest pending event is, in milliseconds since 1970; undefined where none is. */
  oldestPendingMs(): Promise<number | undefined>;

  /**
   * Takes away the pending mark and the priors of events whose attribution version still is the expected one, and
   * sets the new version.
   *
   * Fingerprints are distinct within a call. The answer names those that do not stand completed at their new version
   * now: attributed anew in between, or not stored. Repeating a call whose answer was lost is therefore harmless.
   */
  complete(completions: readonly Completion[]): Promise<string[]>;
  /**
   * Attributes events anew whose attribution version still is that of the given `event`, marks them pending, and adds
   * whom they were attributed to before to their priors (unless that was nobody, or is no change).
   *
   * An event that is pending already stays pending since the earlier time. Events are distinct within a call. The
   * answer names, by fingerprint, those that do not stand so attributed at the new version now.
   *
   * @param pendingSinceMs now: receipt may be days ago and says nothing of how long the effects are outstanding
   */
  attribute(changes: readonly AttributionChange[], pendingSinceMs: number): Promise<string[]>;

  // Device keys are distinct, hex SHA-256 of the tokens of one device or of several; none at all finds nothing.

  /** Anonymous events and server events by hash of these devices, late ones included, in order. */
  floating(app: AppKey, deviceKeys: readonly string[], range: FloatingRange): Promise<StoredEvent[]>;
  /** The first live identified event of these devices at or after a time (milliseconds), in order. */
  borderAtOrAfter(app: AppKey, deviceKeys: readonly string[], ms: number): Promise<Border | undefined>;
  /** The last live identified event of these devices strictly before a place in the order. */
  borderBefore(app: AppKey, deviceKeys: readonly string[], before: EventCursor): Promise<Border | undefined>;
  /** The last live device event of these devices strictly before a place in the order. */
  deviceEventBefore(
    app: AppKey,
    deviceKeys: readonly string[],
    before: EventCursor,
  ): Promise<DeviceEventName | undefined>;
  /** What the live events attributed to a user say of the user; undefined where there are none. */
  profileState(app: AppKey, appUserId: string): Promise<ProfileState | undefined>;

  /** Distinct keys of devices that events of an app name, ascending. */
  deviceKeys(query: DistinctQuery): Promise<string[]>;
  /** Distinct users whom events of an app are attributed to, ascending by code points. */
  users(query: DistinctQuery): Promise<string[]>;

  /** How many events are attributed to somebody on account of each of these events, which are distinct; in their order. */
  countAttributedBy(app: AppKey, fingerprints: readonly string[]): Promise<number[]>;
  /** Events of an app whose effective time lies before a time, in order. */
  listBefore(query: ListBeforeQuery): Promise<StoredEvent[]>;
  /**
   * Removes events for good whose attribution version still is that of the given event and whose effects are not
   * outstanding; answers how many were removed by this call. The same events may be stored anew.
   */
  expire(app: AppKey, events: readonly StoredEvent[]): Promise<number>;
  /** Removes events for good, and answers how many were removed by this call. The same events may be stored anew. */
  remove(removal: Removal): Promise<number>;

  /** One event; undefined where this app has none with that fingerprint. */
  get(app: AppKey, fingerprint: string): Promise<StoredEvent | undefined>;
  /** Those of these events (distinct) that this app has, by fingerprint. */
  getAll(app: AppKey, fingerprints: readonly string[]): Promise<Map<string, StoredEvent>>;
  /** Events that fit all filters, latest first in order. */
  list(query: EventListQuery): Promise<StoredEvent[]>;

  /** Widens definitions by what was seen of them. Repeatable, in any order. */
  observeDefinitions(observations: readonly DefinitionObservation[]): Promise<void>;
  /** Definitions with names greater than `afterName` in order of code points. */
  listDefinitions(query: DefinitionListQuery): Promise<StoredDefinition[]>;
  /** Those of these names (distinct) that there are, in any order, without their counts. */
  definitionsNamed(app: AppKey, names: readonly string[]): Promise<KeptDefinition[]>;
  /** The names alone, without the counts that make {@link listDefinitions} read an entry for each event. */
  listDefinitionNames(query: DefinitionListQuery): Promise<string[]>;

  /** Whether the store answers. */
  healthy(): Promise<boolean>;
}

export type InsertOutcome = "stored" | "duplicate";

export interface PendingQuery {
  /** Only events pending since before this, milliseconds since 1970; without it, however short. */
  readonly beforeMs?: number;
  /** Only events pending since after this. */
  readonly afterMs?: number;
  readonly limit: number;
}

export interface Completion {
  readonly fingerprint: string;
  readonly expectedAttributionVersion: number;
  /** May equal the expected one. */
  readonly attributionVersion: number;
}

export interface AttributionChange extends Attribution {
  /** The event as it was read: its version is the expected one. */
  readonly event: StoredEvent;
  /** Revision of the device that decided. */
  readonly attributionVersion: number;
}

/** Events of one user to remove, each only if all of this still holds. */
export interface Removal {
  readonly app: AppKey;
  readonly fingerprints: readonly string[];
  /** User whom they are attributed to. */
  readonly appUserId: string;
  /** Greatest receipt, milliseconds since 1970. */
  readonly receivedUpToMs: number;
}

export interface ListBeforeQuery {
  readonly app: AppKey;
  /** Milliseconds since 1970. */
  readonly beforeMs: number;
  /** Only events after this place. */
  readonly after?: EventCursor | undefined;
  readonly limit: number;
}

export interface FloatingRange {
  /** Least effective time, milliseconds since 1970. */
  readonly fromMs: number;
  /** Greatest effective time, itself included. */
  readonly toMs: number;
  /** Only events after this place. */
  readonly after?: EventCursor;
  readonly limit: number;
}

/** An identified event that takes what floats before it. */
export interface Border extends EventCursor {
  readonly appUserId: string;
}

/** What an event says about who holds its device from then on. */
export interface DeviceEventName extends EventCursor {
  readonly sentAppUserId: string;
  readonly eventName: string;
}

export interface ProfileState {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** The latest device event; absent where there are only server events. */
  readonly attributes?: DeviceAttributes & EventCursor;
}

export interface DistinctQuery {
  readonly app: AppKey;
  /** Only values greater than this; empty for the first page. */
  readonly after: string;
  readonly limit: number;
}

export interface EventFilter {
  readonly appUserId?: string | undefined;
  readonly deviceKey?: string | undefined;
  readonly eventName?: string | undefined;
  /** Effective time at or after this. */
  readonly startMs?: number | undefined;
  /** Effective time before this. */
  readonly endMs?: number | undefined;
}

export interface EventListQuery {
  readonly app: AppKey;
  readonly filter: EventFilter;
  /** Only events before this one in order (the last of the page before). */
  readonly after?: EventCursor | undefined;
  readonly limit: number;
}

/** What a batch says of one event name; at most one observation per app and name in a call. */
export interface DefinitionObservation {
  readonly app: AppKey;
  readonly eventName: string;
  /** Least effective time, milliseconds since 1970. */
  readonly firstSeenMs: number;
  /** Greatest effective time. */
  readonly lastSeenMs: number;
  /** JSON types seen ("string", "number", "boolean", "object", "array", "null"), by parameter name. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
}

/** What is kept of an event name; widened by every event, and never narrowed. */
export interface KeptDefinition {
  readonly eventName: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** By name in order of code points, types sorted; at most {@link maxParameters} names. */
  readonly parameters: readonly { readonly name: string; readonly types: readonly string[] }[];
}

export interface StoredDefinition extends KeptDefinition {
  /** Stored events with this name, exact. */
  readonly eventCount: number;
}

export interface DefinitionListQuery {
  readonly app: AppKey;
  /** Empty for the first page. */
  readonly afterName: string;
  readonly limit: number;
}

/**
 * Parameter names kept of one definition: the smallest in order of code points, so that the order in which events
 * arrive makes no difference.
 */
export const maxParameters = 256;

/** UTF-16 units of a parameter name beyond which a definition leaves it out; keeps a definition below 5 MB. */
export const maxParameterNameLength = 256;
