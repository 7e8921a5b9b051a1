// As identity stores them: scheme, `*.` for one label or more in front, host, and a port or `*` for any.
const PATTERN = /^(https?:)\/\/(\*\.)?(\[[^\]]*\]|[^:[\]]+)(?::(\*|\d+))?$/;

/**
 * Whether an `Origin` header names one of the allowed origins: exactly, below a host that begins with `*.`, or on any
 * port where that is `*` (http.md, Appizer). A missing, opaque (`null`) or unusual origin is not allowed.
 */
export function isAllowedOrigin(origin: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  // Browsers send the serialized form; anything else, such as a path behind the host, is no origin.
  if (url.origin !== origin) return false;
  return allowed.some((pattern) => matches(url, pattern));
}

function matches({ protocol, hostname, port }: URL, pattern: string): boolean {
  const match = PATTERN.exec(pattern);
  if (match === null) return false;
  const [, scheme, anyLabel, host, allowedPort = ""] = match;
  if (protocol !== scheme) return false;
  if (allowedPort !== "*" && allowedPort !== port) return false;
  return anyLabel === undefined ? hostname === host : hostname.endsWith(`.${host}`);
}
