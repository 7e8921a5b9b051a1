import type { JsonReading } from "../../body/strict-json.ts";
import { FieldReader, type Parsed, unreadable } from "./field-reader.ts";
import { API_KEY, TENANT_ID, TRACKING_TOKEN } from "./field-rules.ts";
import { PUSH_OPENED_SCHEMA } from "./schemas.ts";

/** A report that a push was opened. */
export interface ParsedPushOpened {
  readonly tenantId: string;
  readonly apiKey: string;
  /** UUID in lower case. */
  readonly trackingToken: string;
  readonly unknownFields: readonly string[];
}

/** The field table of `POST /pushes/opened`, in its order. */
export const PUSH_OPENED_FIELDS: readonly string[] = Object.keys(PUSH_OPENED_SCHEMA.properties);

/** Reads the body of `POST /pushes/opened` as http.md has it: the report, or every error in it. */
export function parsePushOpened(reading: JsonReading): Parsed<ParsedPushOpened> {
  if (!reading.ok) return unreadable(reading.fault);
  const fields = new FieldReader(reading, PUSH_OPENED_FIELDS);
  return fields.result({
    tenantId: fields.text("tenant_id", TENANT_ID),
    apiKey: fields.text("api_key", API_KEY),
    // Two spellings of one UUID are the same token (RFC 9562 section 4).
    trackingToken: fields.text("tracking_token", TRACKING_TOKEN).toLowerCase(),
    unknownFields: fields.unknownFields(),
  });
}
