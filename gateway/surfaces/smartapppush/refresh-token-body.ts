import type { JsonReading } from "../../body/strict-json.ts";
import type { NamedUser } from "../../credentials/user-signature.ts";
import { readAppUserId } from "./app-user-id.ts";
import { FieldReader, type Parsed, unreadable } from "./field-reader.ts";
import { API_KEY, DEVICE_TOKEN, PLATFORM, TENANT_ID } from "./field-rules.ts";
import { readNamedUser } from "./named-user.ts";
import { type Platform, REFRESH_TOKEN_SCHEMA } from "./schemas.ts";

/** A device's token replaced by another. */
export interface ParsedRefreshToken {
  readonly tenantId: string;
  readonly apiKey: string;
  readonly namedUser?: NamedUser;
  readonly oldToken: string;
  readonly newToken: string;
  /** Empty where none was sent, or `anon:` of one of the two tokens. */
  readonly appUserId: string;
  readonly platform: Platform | null;
  readonly unknownFields: readonly string[];
}

/** The field table of `POST /devices/refresh-token`, in its order. */
export const REFRESH_TOKEN_FIELDS: readonly string[] = Object.keys(REFRESH_TOKEN_SCHEMA.properties);

/** Reads the body of `POST /devices/refresh-token` as http.md has it: the refresh, or every error in it. */
export function parseRefreshToken(reading: JsonReading): Parsed<ParsedRefreshToken> {
  if (!reading.ok) return unreadable(reading.fault);
  const fields = new FieldReader(reading, REFRESH_TOKEN_FIELDS);
  const oldToken = fields.text("old_token", DEVICE_TOKEN);
  const newToken = fields.text("new_token", DEVICE_TOKEN);
  if (newToken !== "" && newToken === oldToken) {
    fields.fail("new_token", "same_token", "new_token is the same as old_token; send the token that replaces it");
  }
  const appUserId = readAppUserId(fields, [fields.body.old_token, fields.body.new_token]);
  return fields.result({
    tenantId: fields.text("tenant_id", TENANT_ID),
    apiKey: fields.text("api_key", API_KEY),
    oldToken,
    newToken,
    ...readNamedUser(fields, appUserId),
    appUserId,
    platform: fields.optionalListed("platform", PLATFORM),
    unknownFields: fields.unknownFields(),
  });
}
