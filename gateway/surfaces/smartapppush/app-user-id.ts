import { isLongerThan, shown } from "../../body/text.ts";
import { ANONYMOUS_PREFIX, anonymousUserId } from "../../event/fingerprint.ts";
import type { FieldReader } from "./field-reader.ts";
import { MAX_ID_CHARACTERS } from "./schemas.ts";

const RULE = { maxCharacters: MAX_ID_CHARACTERS, isSecret: false };

/**
 * Reads the optional `app_user_id`: empty where the sender gave none, which is absent, null, empty or exactly
 * `anon:{token}` of one of `tokens`, the tokens sent beside it (that one may be longer than other ids).
 */
export function readAppUserId(fields: FieldReader, tokens: readonly unknown[]): string {
  const value = fields.body.app_user_id;
  if (value === undefined || value === null || value === "") return "";
  if (fields.failsAlready("app_user_id")) return "";
  if (typeof value !== "string") return fields.invalidType("app_user_id", "a string, or none for an anonymous user");
  if (value.startsWith(ANONYMOUS_PREFIX)) {
    if (tokens.some((token) => typeof token === "string" && value === anonymousUserId(token))) return "";
    const message = `app_user_id ${shown(value)} begins with "anon:", which is reserved; leave it out for an anonymous user`;
    return fields.fail("app_user_id", "reserved", message);
  }
  return isLongerThan(value, MAX_ID_CHARACTERS) ? fields.tooLong("app_user_id", RULE) : value;
}
