// RFC 6750 section 2.1: the scheme in any case, then the token. What is no such token is left to be an unknown key.
const BEARER = /^Bearer +(\S+) *$/i;

/** The token of an `Authorization: Bearer` header; null where there is none. */
export function bearerToken(authorization: string | undefined): string | null {
  return BEARER.exec(authorization ?? "")?.[1] ?? null;
}
