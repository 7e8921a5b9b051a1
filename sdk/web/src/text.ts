// Half of a character that takes two: JSON readers refuse it.
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Whether a value is a text that the gateway takes: not empty, no longer than this, nothing that UTF-8 can't say. */
export function isText(value: unknown, maxCharacters: number): value is string {
  return typeof value === "string" && value !== "" && [...value].length <= maxCharacters && !LONE_SURROGATE.test(value);
}

/** Length of a text in UTF-8, in bytes. */
export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
