import type { AppKey } from "../runtime/app-key.ts";

/**
 * Whom the sender of an event named: `identified` and `anonymous` are device events (semantics.md) with and without a
 * user, `hash` is a server event that names a device by the hash of a token, `user` a server event that names a user.
 */
export type EventRole = "identified" | "anonymous" | "hash" | "user";

/** A place in the order of events: by effective time, then by fingerprint. */
export interface EventCursor {
  /** Milliseconds since 1970. */
  readonly effectiveMs: number;
  /** 64 lower-case hex characters. */
  readonly fingerprint: string;
}

/** What of a device event describes the device that sent it; all empty on server events. */
export interface DeviceAttributes {
  /** "android", "ios" or "web". */
  readonly platform: string;
  readonly pushPermissionGranted: boolean;
  /** IANA name in canonical case. */
  readonly timezone: string;
  /** ISO 639-1, lower case. */
  readonly language: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
}

/** An accepted event, as it is stored first. Nothing of it but the attribution ever changes. */
export interface NewEvent extends EventCursor, DeviceAttributes {
  readonly app: AppKey;
  readonly role: EventRole;
  /** Effective time more than 30 days before receipt; an event that is not late is *live*. */
  readonly late: boolean;
  /** `eventTime` was more than 1 h after receipt. */
  readonly skewedFuture: boolean;
  /** Empty exactly where the role is `anonymous` or `hash`. */
  readonly sentAppUserId: string;
  /** User whom the event is attributed to; empty while it waits for its device to appear. */
  readonly appUserId: string;
  readonly eventName: string;
  /** Normalized RFC 3339 in UTC, up to nine digits of fraction; empty where the surface has none. */
  readonly eventTime: string;
  /** Receipt of the first copy, milliseconds since 1970. */
  readonly receivedMs: number;
  /** Empty on server events. */
  readonly deviceToken: string;
  /** Hex SHA-256 of the token; empty exactly where the role is `user`. */
  readonly deviceKey: string;
  readonly sessionId: string;
  /** A JSON object as text. */
  readonly paramsJson: string;
  /** A JSON object as text. */
  readonly contextJson: string;
  readonly surface: string;
  /** Reported by a server event's sender; empty if not. */
  readonly ip: string;
  /** Reported by a server event's sender; empty if not. */
  readonly userAgent: string;
}

/** Whom an event is attributed to, and on whose account. */
export interface Attribution {
  /** Empty while the event waits for its device to appear. */
  readonly appUserId: string;
  /** Fingerprint of the identified event that took it; empty if none did. */
  readonly attributedBy: string;
}

/** An event with what attribution made of it so far. */
export interface StoredEvent extends NewEvent, Attribution {
  /** Revision of the device that decided; 0 from insertion until the first decision. */
  readonly attributionVersion: number;
  /** Whom the event was taken from while the effects for them are outstanding; distinct, in no particular order. */
  readonly priors: readonly Attribution[];
  /** Whether effects of it are outstanding. */
  readonly pending: boolean;
}

/** Whether who an event belongs to depends on the other events of its device. */
export function isFloating(event: NewEvent): boolean {
  return event.role === "anonymous" || event.role === "hash";
}

/** A new event as it reads right after it was stored. */
export function freshlyStored(event: NewEvent): StoredEvent {
  return { ...event, attributedBy: "", attributionVersion: 0, priors: [], pending: true };
}

/** Priors after an event went from one attribution to another: the old one joins, unless it was nobody or stays. */
export function withPrior(priors: readonly Attribution[], from: Attribution, to: Attribution): readonly Attribution[] {
  const { appUserId, attributedBy } = from;
  if (appUserId === "" || isSameAttribution(from, to)) return priors;
  return priors.some((prior) => isSameAttribution(prior, from)) ? priors : [...priors, { appUserId, attributedBy }];
}

/** Whether both name the same user and the same cause. */
export function isSameAttribution(a: Attribution, b: Attribution): boolean {
  return a.appUserId === b.appUserId && a.attributedBy === b.attributedBy;
}
