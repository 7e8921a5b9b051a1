import type { BodyFault } from "./body-fault.ts";
import { excerpt } from "./text.ts";

const JSON_TYPES: ReadonlySet<string> = new Set(["application/json", "text/plain"]);
const UTF_8_NAMES: ReadonlySet<string> = new Set(["utf-8", "utf8"]);

// A parameter of RFC 9110 section 5.6.6: token = token or quoted string, empty ones allowed.
const PARAMETER = /;[ \t]*(?:([^\s;="]+)=("(?:[^"\\]|\\.)*"|[^\s;"]*))?[ \t]*/y;

/**
 * Whether a `Content-Type` header names one of `types` (in lower case), in UTF-8 where it names a charset. Without a
 * header it names none.
 */
export function isMediaType(header: string | undefined, types: ReadonlySet<string>): boolean {
  if (header === undefined) return false;
  const end = header.indexOf(";");
  const type = (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
  return types.has(type) && (end < 0 || parametersAreUtf8(header, end));
}

/**
 * Checks that a `Content-Type` header announces JSON in UTF-8: `application/json`, `text/plain` (what
 * `sendBeacon` sends) or no header; a `charset`, where there is one, names UTF-8. RFC 9110 section 8.3.
 * Returns the fault, or null where the header is fine.
 */
export function contentTypeFault(header: string | undefined): BodyFault | null {
  if (header === undefined || header === "application/json" || header.trim() === "") return null;
  return isMediaType(header, JSON_TYPES) ? null : unsupported(header);
}

function parametersAreUtf8(header: string, from: number): boolean {
  let at = from;
  while (at < header.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(header);
    if (match === null) return false;
    if (match[1]?.toLowerCase() === "charset" && !UTF_8_NAMES.has(unquoted(match[2] ?? ""))) return false;
    at = PARAMETER.lastIndex;
  }
  return true;
}

function unquoted(value: string): string {
  const bare = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
  return bare.toLowerCase();
}

function unsupported(header: string): BodyFault {
  return {
    kind: "malformed",
    message: `Content-Type ${JSON.stringify(excerpt(header))} is not supported; send application/json in UTF-8`,
  };
}
