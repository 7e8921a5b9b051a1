/** How long an answer may take, in milliseconds: the gateway gives one within 5 s. */
const REQUEST_TIMEOUT_MS = 10_000;
/**
 * Most UTF-8 bytes of what a body is made of: the gateway takes 64 KB, and so does a browser for all keepalive requests
 * of a page (Fetch standard). The rest is for the frame.
 */
export const MAX_BODY_BYTES = 60_000;

/** What a request came to; anything but an answer leaves open whether it arrived. */
export type Outcome =
  /** 2xx; `answer` is its JSON. */
  | { readonly kind: "accepted"; readonly answer: unknown }
  /** The same request will never be accepted. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** To be repeated; `retryAfterMs` where a server that was reached asks for a wait, 0 where it names none. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs?: number };

/** Statuses that repeating can't change; everything else that is no success is repeated (the published retry table). */
const REFUSALS = [400, 401, 403, 409, 413];

/** Posts JSON as plain text, which browsers send across origins without asking first. The request outlives its page. */
export async function post(url: string, body: string): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      keepalive: true,
      credentials: "omit",
      ...("timeout" in AbortSignal ? { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) } : {}),
    });
    const { ok, status, headers } = response;
    if (ok) return { kind: "accepted", answer: await response.json() };
    if (REFUSALS.includes(status)) return { kind: "refused", status, reason: await response.text() };
    return {
      kind: "failed",
      reason: `${url} answers ${status}`,
      retryAfterMs: retryAfterMs(headers.get("Retry-After")),
    };
  } catch (error) {
    // No connection, a timeout, or an answer cut short: nothing is known, so the same is sent again.
    return { kind: "failed", reason: `${url}: ${error}` };
  }
}

/** The header's seconds or date (RFC 9110, 10.2.3) as milliseconds from now; 0 where it says nothing. */
function retryAfterMs(header: string | null): number {
  return Number(header) * 1_000 || Date.parse(header ?? "") - Date.now() || 0;
}
