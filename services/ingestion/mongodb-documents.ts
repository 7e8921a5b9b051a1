import type { Attribution, EventCursor, NewEvent, StoredEvent } from "./event.ts";
import { deviceClassOf, userClassOf } from "./event-class.ts";

/** An event as MongoDB keeps it. What is absent is not indexed where the index is sparse. */
export type EventDocument = Omit<StoredEvent, "fingerprint" | "pending" | "priors" | "attributedBy"> & {
  /** The fingerprint: the unique index on `_id` does the deduplication. */
  readonly _id: string;
  /** {@link placeKey} of the event. */
  readonly place: string;
  readonly userClass: number;
  /** Null where the event names no device. */
  readonly deviceClass: number | null;
  /** Present where an identified event took it. */
  readonly attributedBy?: string;
  /** Present while effects are outstanding. */
  readonly pending?: PendingMark;
  /** Present while effects for them are outstanding. */
  readonly priors?: readonly Attribution[];
};

export interface PendingMark {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** {@link pendingDevice}; absent where the event names no device. */
  readonly device?: string;
}

/** 2^46 ms: makes the times of the years 1 to 9999 positive. */
const TIME_OFFSET_MS = 2 ** 46;
/** Hexadecimal digits of 2^49 ms, which is beyond the year 9999 with the offset. */
const TIME_DIGITS = 13;

/** A place in the order of events as a string that sorts like it: one field, so that a range of it is one range of an index. */
export function placeKey({ effectiveMs, fingerprint }: EventCursor): string {
  return (effectiveMs + TIME_OFFSET_MS).toString(16).padStart(TIME_DIGITS, "0") + fingerprint;
}

/** What the pending events of a device are found by. */
export function pendingDevice(app: string, deviceKey: string): string {
  return `${app}/${deviceKey}`;
}

/** A new event as it is inserted. */
export function newEventDocument({ fingerprint, ...event }: NewEvent): EventDocument {
  return {
    _id: fingerprint,
    ...event,
    place: placeKey({ effectiveMs: event.effectiveMs, fingerprint }),
    attributionVersion: 0,
    userClass: userClassOf(event),
    deviceClass: deviceClassOf(event) ?? null,
    pending: {
      since: event.receivedMs,
      ...(event.deviceKey !== "" && { device: pendingDevice(event.app, event.deviceKey) }),
    },
  };
}

/** The event in a document. */
export function storedEventOf(document: EventDocument): StoredEvent {
  const { _id, place: _place, userClass: _userClass, deviceClass: _deviceClass, ...event } = document;
  const { attributedBy = "", pending, priors = [], ...unchanging } = event;
  return { fingerprint: _id, ...unchanging, attributedBy, pending: pending !== undefined, priors };
}
