/** How long a browser may remember a preflight's answer, in seconds: a day (http.md). */
const PREFLIGHT_SECONDS = 86_400;
const DEFAULT_REQUEST_HEADERS = "Content-Type, Content-Encoding, X-Request-Id";
// A list of header names (RFC 9110 section 5.6.2), bounded: it is sent back as it came.
const HEADER_LIST = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
const MAX_HEADER_LIST_CHARACTERS = 1024;

/** On every answer of an endpoint that any origin may call. No credentials: nothing here reads cookies. */
export const ANY_ORIGIN_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Retry-After, X-Request-Id",
};

/** Headers of a preflight's answer (Fetch standard, CORS protocol) for a path that takes POST. */
export function preflightHeaders(requestedHeaders: string | undefined): Readonly<Record<string, string>> {
  return {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": isHeaderList(requestedHeaders) ? requestedHeaders : DEFAULT_REQUEST_HEADERS,
    "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
    Vary: "Access-Control-Request-Headers",
  };
}

function isHeaderList(text: string | undefined): text is string {
  return text !== undefined && text.length <= MAX_HEADER_LIST_CHARACTERS && HEADER_LIST.test(text);
}
