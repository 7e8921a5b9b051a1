/** Most origins that an app can allow. */
export const MAX_ALLOWED_ORIGINS = 100;

/** `scheme://host[:port]`; the host is checked further by the URL parser. Groups: scheme, first label `*.`, host, port. */
const ORIGIN = /^(https?):\/\/(\*\.)?([^/\\?#@:*\s[\]]+|\[[0-9A-Fa-f:.]+\])(?::(\*|\d{1,5}))?$/i;

/** Longest host name (RFC 1035, 2.3.4) with scheme and port. */
const MAX_CHARACTERS = 280;

/**
 * An origin whose browsers may send events, in the spelling that browsers send: lower case, no default port,
 * internationalized hosts as `xn--…` (WHATWG HTML, serialization of an origin). `*` as the port stands for any port,
 * as the first label of the host for one or more labels.
 *
 * @returns undefined where the text is no such origin
 */
export function parseAllowedOrigin(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const match = ORIGIN.exec(text);
  if (match === null) return undefined;
  const [, scheme, anyLabel = "", host, port] = match;
  const exact = `${scheme}://${host}${port === undefined || port === "*" ? "" : `:${port}`}`;
  if (!URL.canParse(exact)) return undefined;
  const { protocol, hostname, port: explicitPort } = new URL(exact);
  const shownPort = port === "*" ? "*" : explicitPort;
  return `${protocol}//${anyLabel}${hostname}${shownPort === "" ? "" : `:${shownPort}`}`;
}
