/** How long an answer may take, in milliseconds: the gateway gives one within 5 s. */
const REQUEST_TIMEOUT_MS = 10_000;

/** What a request came to; anything but an answer leaves open whether it arrived. */
export type Outcome =
  /** 2xx; `answer` is its JSON. */
  | { readonly kind: "accepted"; readonly answer: unknown }
  /** The same request will never be accepted. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** To be repeated; `retryAfterMs` where a server that was reached asks for a wait, 0 where it names none. */
  | { readonly kind: "failed"; readonly retryAfterMs?: number };

/** Statuses that repeating can't change; everything else that is no success is repeated (the published retry table). */
const REFUSALS = [400, 401, 403, 409, 413];

/**
 * Posts JSON as plain text, which browsers send across origins without asking first. The request outlives its page.
 *
 * @param body at most 64 KB together with other such requests of the page (Fetch standard, keepalive)
 */
export async function post(url: string, body: string): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      keepalive: true,
      credentials: "omit",
      ...("timeout" in AbortSignal ? { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) } : {}),
    });
    if (response.ok) return { kind: "accepted", answer: await response.json() };
    if (REFUSALS.includes(response.status)) {
      return { kind: "refused", status: response.status, reason: await response.text() };
    }
    return { kind: "failed", retryAfterMs: Number(response.headers.get("Retry-After")) * 1_000 || 0 };
  } catch {
    // No connection, a timeout, or an answer cut short: nothing is known, so the same is sent again.
    return { kind: "failed" };
  }
}
