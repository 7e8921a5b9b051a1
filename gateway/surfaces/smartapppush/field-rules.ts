import { hasControlCharacter, hasControlOrWhiteSpace } from "../../body/text.ts";
import {
  canonicalCountry,
  canonicalLanguage,
  canonicalTimezone,
  suggestCountry,
  suggestLanguage,
  suggestTimezone,
} from "../../event/locale.ts";
import type { ListRule, TextRule } from "./field-reader.ts";
import {
  MAX_EVENT_NAME_CHARACTERS,
  MAX_ID_CHARACTERS,
  MAX_TOKEN_CHARACTERS,
  PLATFORMS,
  type Platform,
} from "./schemas.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const OFFSET_LIKE = /^(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?$/i;

export const TENANT_ID: TextRule = { maxCharacters: MAX_ID_CHARACTERS, grammarFault: null, isSecret: false };

export const API_KEY: TextRule = { maxCharacters: MAX_ID_CHARACTERS, grammarFault: null, isSecret: true };

export const EVENT_NAME: TextRule = {
  maxCharacters: MAX_EVENT_NAME_CHARACTERS,
  grammarFault: controlFault,
  isSecret: false,
};

export const SESSION_ID: TextRule = { maxCharacters: MAX_ID_CHARACTERS, grammarFault: controlFault, isSecret: false };

export const DEVICE_TOKEN: TextRule = {
  maxCharacters: MAX_TOKEN_CHARACTERS,
  grammarFault: (token) =>
    hasControlOrWhiteSpace(token)
      ? "contains white space or control characters; send the token exactly as the push SDK gives it"
      : null,
  isSecret: false,
};

/** A UUID of any version, in the hyphenated form of RFC 9562 section 4, in any case. */
export const TRACKING_TOKEN: TextRule = {
  maxCharacters: Number.POSITIVE_INFINITY,
  grammarFault: (token) => (UUID.test(token) ? null : "is not a UUID; send the tracking_token that came with the push"),
  isSecret: false,
};

export const PLATFORM: ListRule<Platform> = {
  canonical: knownPlatform,
  fault: (text) => `is not one of ${PLATFORMS.join(", ")}${didYouMean(knownPlatform(text.trim().toLowerCase()))}`,
};

export const TIMEZONE: ListRule<string> = {
  canonical: canonicalTimezone,
  fault: (text) =>
    OFFSET_LIKE.test(text)
      ? 'is an offset, which daylight saving time changes; send an IANA name such as "Europe/Istanbul"'
      : `is not a known IANA time zone${didYouMean(suggestTimezone(text), "Europe/Istanbul")}`,
};

export const LANGUAGE: ListRule<string> = {
  canonical: canonicalLanguage,
  fault: (text) => `is not an ISO 639-1 code${didYouMean(suggestLanguage(text), "en")}`,
};

export const COUNTRY: ListRule<string> = {
  canonical: canonicalCountry,
  fault: (text) => `is not an ISO 3166-1 alpha-2 code${didYouMean(suggestCountry(text), "US")}`,
};

function controlFault(text: string): string | null {
  return hasControlCharacter(text) ? "contains control characters; remove them" : null;
}

function knownPlatform(text: string): Platform | null {
  return PLATFORMS.find((platform) => platform === text) ?? null;
}

/** The end of a message: the suggestion, or else an example where there is one. */
function didYouMean(suggestion: string | null, example?: string): string {
  if (suggestion !== null) return `; did you mean "${suggestion}"?`;
  return example === undefined ? "" : `; send one such as "${example}"`;
}
