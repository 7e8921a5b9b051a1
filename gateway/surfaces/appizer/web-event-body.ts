import { examine, isJsonObject, type ReadBody } from "../../body/strict-json.ts";
import { shown } from "../../body/text.ts";
import type { NamedUser } from "../../credentials/user-signature.ts";
import { readEventTime } from "../../event/event-time.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import type { ServerEvent } from "../server-event.ts";
import { invalidField, invalidType, type Refusal, unreadableBody } from "./errors.ts";
import { fault, firstFault, type Read, readEventFields } from "./event-fields.ts";
import { MAX_BATCH_EVENTS } from "./schemas.ts";

/** A browser's event, and the user that it names unless that is a visitor. */
export interface WebEvent extends ServerEvent {
  readonly namedUser: NamedUser | null;
}

/** One event of a browser, or what is wrong with it. */
export type WebEventReading = Read<WebEvent>;

/** Who has not signed in yet: an id that the Web SDK makes up, long and random (http.md, Appizer). */
const VISITOR = /^web:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads one browser's event. Its body for the fingerprint is everything but `app_id`, so that an event sent alone is the
 * same event when it is sent in a batch, and but `user_signature`, which says nothing of the event and may be made anew.
 *
 * @param fallbackKey the request's `Idempotency-Key`, for an event without an `event_id`
 */
export function readWebEvent(reading: ReadBody, fallbackKey: string | null): WebEventReading {
  return firstFault(() => {
    const { eventName, userId, propertiesJson, ip, userAgent } = readEventFields(reading);
    const { app_id: _, user_signature: signature, ...body } = reading.body;
    const namedUser = { appUserId: userId, userSignature: readSignature(signature) };
    return {
      namedUser: VISITOR.test(userId) ? null : namedUser,
      about: { appUserId: userId },
      eventName,
      paramsJson: propertiesJson,
      body,
      idempotencyKey: readEventId(body.event_id) ?? fallbackKey,
      eventTime: readTime(body.event_time),
      ip,
      userAgent,
    };
  });
}

/** Reads the events of a batch, each for itself; a refusal where there is no batch to read. */
export function readWebEvents(events: unknown): Read<readonly WebEventReading[]> {
  if (!Array.isArray(events)) return { ok: false, refusal: invalidType("events", "array", events) };
  if (events.length < 1 || events.length > MAX_BATCH_EVENTS) {
    const refusal = invalidField("events", `has ${events.length} events; 1 to ${MAX_BATCH_EVENTS} are accepted`);
    return { ok: false, refusal };
  }
  return { ok: true, value: events.map(readElement) };
}

function readElement(element: unknown): WebEventReading {
  if (!isJsonObject(element)) return { ok: false, refusal: invalidType("event", "object", element) };
  const reading = examine(element, true);
  if (!reading.ok) return { ok: false, refusal: unreadableBody(reading.fault.message) };
  return readWebEvent(reading, null);
}

function readSignature(sent: unknown): string {
  if (sent === undefined || sent === null) return "";
  return typeof sent === "string" ? sent : fault(invalidType("user_signature", "string", sent));
}

function readEventId(sent: unknown): string | null {
  const reading = readIdempotencyKey(sent, "event_id");
  if (reading.ok) return reading.key;
  const refusal: Refusal = { ...invalidField("event_id", reading.message), message: reading.message };
  return typeof sent === "string" ? fault(refusal) : fault(invalidType("event_id", "string", sent));
}

function readTime(sent: unknown): ServerEvent["eventTime"] {
  if (sent === undefined || sent === null) return null;
  if (typeof sent !== "string") return fault(invalidType("event_time", "string", sent));
  const time = readEventTime(sent);
  if (time.ok) return time;
  const hint = time.suggestion === null ? "" : `; did you mean ${shown(time.suggestion)}?`;
  return fault(invalidField("event_time", `${shown(sent)} ${time.reason}${hint}`));
}
