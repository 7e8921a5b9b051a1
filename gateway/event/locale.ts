import { COUNTRY_CODES, LANGUAGE_CODES } from "./iso-codes.ts";
import { TIMEZONE_NAMES } from "./timezone-names.ts";

// Case is folded for ASCII alone: String.toLowerCase would make a `k` of the Kelvin sign, toUpperCase an `FI`
// of a ligature.
const ASCII_NAME = /^[\x21-\x7e]{1,64}$/;
const TWO_LETTERS = /^[A-Za-z]{2}$/;
const LANGUAGE_LIKE = /^[A-Za-z]{2,3}$/;

// Names that the runtime's data gained after the table was made come from Intl itself. They stand first because
// they are the principal ones: a city is suggested in its own continent (Europe/Istanbul, not Asia/Istanbul).
const timezones = new Map<string, string>(
  [...Intl.supportedValuesOf("timeZone"), ...TIMEZONE_NAMES].map((name) => [name.toLowerCase(), name]),
);
const timezonesKnownToRuntime = new Set<string>();
const languages = new Map<string, string>([
  ...LANGUAGE_CODES.map((code) => [code, code] as const),
  // What old platforms send (java.util.Locale before 17) and what Android says for Tagalog.
  ["iw", "he"],
  ["in", "id"],
  ["ji", "yi"],
  ["fil", "tl"],
]);
// Kosovo has no assigned code; CLDR and with it every phone uses this one.
const countries: ReadonlySet<string> = new Set([...COUNTRY_CODES, "XK"]);

/**
 * The canonical spelling of an IANA time zone name or link, matched without case; links are kept
 * (`asia/kolkata` is `Asia/Kolkata`). Null where it is none, or the runtime's data lacks it: offsets, ICU's
 * three-letter names.
 */
export function canonicalTimezone(name: string): string | null {
  if (!ASCII_NAME.test(name)) return null;
  const canonical = timezones.get(name.toLowerCase());
  return canonical !== undefined && runtimeKnows(canonical) ? canonical : null;
}

/** An ISO 639-1 code in lower case, from any case and from the codes of old platforms; null where it is none. */
export function canonicalLanguage(code: string): string | null {
  return LANGUAGE_LIKE.test(code) ? (languages.get(code.toLowerCase()) ?? null) : null;
}

/** An ISO 3166-1 alpha-2 code (or `XK`) in upper case, from any case; null where it is none. */
export function canonicalCountry(code: string): string | null {
  if (!TWO_LETTERS.test(code)) return null;
  const canonical = code.toUpperCase();
  return countries.has(canonical) ? canonical : null;
}

/** A zone that somebody who sent `name` may have meant: other punctuation, or the city alone; null for none. */
export function suggestTimezone(name: string): string | null {
  const tidy = name.trim().replace(/\s+/g, "_");
  const whole = canonicalTimezone(tidy);
  if (whole !== null || !ASCII_NAME.test(tidy)) return whole;
  const city = `/${tidy.slice(tidy.lastIndexOf("/") + 1).toLowerCase()}`;
  for (const [folded, canonical] of timezones) {
    if (folded.endsWith(city) && runtimeKnows(canonical)) return canonical;
  }
  return null;
}

/** The ISO 639-1 code within a language tag (`en-US`, `zh_Hant_TW`) or for a longer code (`eng`); null for none. */
export function suggestLanguage(tag: string): string | null {
  const primary = tag.trim().split(/[-_]/, 1)[0] as string;
  return canonicalLanguage(primary) ?? canonicalLanguage(subtags(primary)?.language ?? "");
}

/** The alpha-2 code within a locale (`en-US`) or for an outdated or numeric one (`UK`, `840`); null for none. */
export function suggestCountry(code: string): string | null {
  const text = code.trim();
  const region = subtags(`und-${text}`)?.region ?? subtags(text)?.region;
  return canonicalCountry(region ?? "");
}

function runtimeKnows(timezone: string): boolean {
  if (timezonesKnownToRuntime.has(timezone)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    // RangeError: the name is newer than the runtime's data, or not for use (`Factory`).
    return false;
  }
  timezonesKnownToRuntime.add(timezone);
  return true;
}

/** The subtags of a BCP 47 tag with outdated ones replaced as CLDR does, null where it is no tag. */
function subtags(tag: string): Intl.Locale | null {
  if (tag.length > 35) return null;
  try {
    return new Intl.Locale(tag.replaceAll("_", "-"));
  } catch {
    return null;
  }
}
