/** How much of a received value a message repeats, in characters (contract: "cut to 64 characters"). */
const SHOWN_CHARACTERS = 64;

// C0 controls, DEL and C1 controls: exactly Unicode's general category Cc.
const CONTROL = /\p{Cc}/u;
const CONTROL_OR_WHITE_SPACE = /[\p{Cc}\p{White_Space}]/u;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const LONE_SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Whether `text` has more than `limit` characters, a character being a Unicode code point. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  // A code point takes at most two UTF-16 units, so beyond that there is nothing to count.
  return text.length > 2 * limit || countCharacters(text) > limit;
}

/** Length of `text` in Unicode code points. */
export function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (isHighSurrogate(text.charCodeAt(at)) && isLowSurrogate(text.charCodeAt(at + 1))) at += 1;
    count += 1;
  }
  return count;
}

/** Whether `text` contains a control character (C0, DEL or C1). */
export function hasControlCharacter(text: string): boolean {
  return CONTROL.test(text);
}

/** Whether `text` contains a control character or Unicode White_Space. */
export function hasControlOrWhiteSpace(text: string): boolean {
  return !VISIBLE_ASCII.test(text) && CONTROL_OR_WHITE_SPACE.test(text);
}

/** Whether JSON text could hold a surrogate written as an escape; raw UTF-8 cannot hold a lone one. */
export function mayHoldLoneSurrogate(json: string): boolean {
  return LONE_SURROGATE_ESCAPE.test(json);
}

/** The first 64 characters of `text`, never splitting one, with an ellipsis where something is missing. */
export function excerpt(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text;
  let end = 0;
  for (let count = 0; count < SHOWN_CHARACTERS && end < text.length; count += 1) {
    end += isHighSurrogate(text.charCodeAt(end)) && isLowSurrogate(text.charCodeAt(end + 1)) ? 2 : 1;
  }
  return end < text.length ? `${text.slice(0, end)}…` : text;
}

/**
 * How a message shows a received JSON value: a string quoted and cut to 64 characters, a number or
 * boolean as it is, a container by its kind only (it may be large, and deep enough to break a serializer).
 */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(excerpt(value));
  if (Array.isArray(value)) return "an array";
  if (value !== null && typeof value === "object") return "an object";
  if (typeof value === "number") return `the number ${value}`;
  return String(value);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
