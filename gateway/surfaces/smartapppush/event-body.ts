import type { JsonReading } from "../../body/strict-json.ts";
import { shown } from "../../body/text.ts";
import type { NamedUser } from "../../credentials/user-signature.ts";
import { readEventTime } from "../../event/event-time.ts";
import { readAppUserId } from "./app-user-id.ts";
import { type EventProperties, readEventProperties } from "./event-properties.ts";
import { FieldReader, type Parsed, unreadable } from "./field-reader.ts";
import {
  API_KEY,
  COUNTRY,
  DEVICE_TOKEN,
  EVENT_NAME,
  LANGUAGE,
  PLATFORM,
  SESSION_ID,
  TENANT_ID,
  TIMEZONE,
} from "./field-rules.ts";
import { readNamedUser } from "./named-user.ts";
import { EVENT_SCHEMA, type Platform } from "./schemas.ts";

/** A device event as sent, checked and in the forms in which it is stored. */
export interface ParsedEvent extends EventProperties {
  readonly tenantId: string;
  readonly apiKey: string;
  readonly namedUser?: NamedUser;
  /** Empty for an anonymous event (semantics.md). */
  readonly sentAppUserId: string;
  readonly eventName: string;
  /** Normalized: UTC, at most 9 digits of fraction. */
  readonly eventTime: string;
  /** The same in whole milliseconds since 1970-01-01T00:00:00Z. */
  readonly eventTimeMs: number;
  readonly deviceToken: string;
  readonly platform: Platform;
  readonly pushPermissionGranted: boolean;
  /** IANA name in canonical case, links kept. */
  readonly timezone: string;
  /** ISO 639-1, lower case. */
  readonly language: string;
  /** ISO 3166-1 alpha-2 or XK, upper case. */
  readonly country: string;
  readonly sessionId: string;
  /** Top-level fields that the table lacks: ignored, but told by `/events/validate`. */
  readonly unknownFields: readonly string[];
}

/** The field table of `POST /events`, in its order. */
export const EVENT_FIELDS: readonly string[] = Object.keys(EVENT_SCHEMA.properties);

/** Reads the body of `POST /events` and `/events/validate` as http.md has it: the event, or every error in it. */
export function parseEvent(reading: JsonReading): Parsed<ParsedEvent> {
  if (!reading.ok) return unreadable(reading.fault);
  const fields = new FieldReader(reading, EVENT_FIELDS);
  const time = readTime(fields);
  const properties = readEventProperties(fields);
  const sentAppUserId = readAppUserId(fields, [fields.body.device_token]);
  return fields.result({
    tenantId: fields.text("tenant_id", TENANT_ID),
    apiKey: fields.text("api_key", API_KEY),
    ...readNamedUser(fields, sentAppUserId),
    sentAppUserId,
    eventName: fields.text("event_name", EVENT_NAME),
    eventTime: time.normalized,
    eventTimeMs: time.milliseconds,
    deviceToken: fields.text("device_token", DEVICE_TOKEN),
    platform: fields.listed("platform", PLATFORM),
    pushPermissionGranted: readPermission(fields),
    timezone: fields.listed("timezone", TIMEZONE),
    language: fields.listed("language", LANGUAGE),
    country: fields.listed("country", COUNTRY),
    sessionId: fields.text("session_id", SESSION_ID),
    params: properties.params,
    paramsJson: properties.paramsJson,
    context: properties.context,
    contextJson: properties.contextJson,
    unknownFields: fields.unknownFields(),
  });
}

function readTime(fields: FieldReader): { normalized: string; milliseconds: number } {
  const text = fields.requiredString("event_time");
  const time = text === null ? null : readEventTime(text);
  if (time?.ok) return time;
  if (time !== null) {
    const advice =
      time.suggestion === null
        ? 'send RFC 3339 with an offset, such as "2026-03-29T14:30:00+03:00"'
        : `did you mean "${time.suggestion}"?`;
    fields.fail("event_time", "invalid_format", `event_time ${shown(text)} ${time.reason}; ${advice}`);
  }
  return { normalized: "", milliseconds: 0 };
}

function readPermission(fields: FieldReader): boolean {
  const value = fields.body.push_permission_granted;
  if (typeof value === "boolean") return value;
  if (value === undefined || value === null || fields.failsAlready("push_permission_granted")) return false;
  fields.invalidType("push_permission_granted", "true or false, without quotes");
  return false;
}
