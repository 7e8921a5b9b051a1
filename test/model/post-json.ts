import { setTimeout as sleep } from "node:timers/promises";

/** A system that is busy for longer is not merely busy: 30 s. */
const PATIENCE_MS = 30_000;

export interface PostOptions {
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers that are no surprise. */
  readonly expected: number | readonly number[];
}

/**
 * The fields of an answer and its status; throws where another answer was expected. While the system is busy (503) it
 * asks again, as clients do.
 */
export async function postJson(
  url: string,
  { body, headers = {}, expected }: PostOptions,
): Promise<Readonly<Record<string, unknown>> & { readonly status: number }> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  let response: Response;
  let text: string;
  for (;;) {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    text = await response.text();
    if (response.status !== 503 || Date.now() > deadlineMs) break;
    await sleep(1_000 * Number(response.headers.get("retry-after")));
  }
  if (![expected].flat().includes(response.status)) throw new Error(`${url} answers ${response.status}: ${text}`);
  return { ...(JSON.parse(text) as Record<string, unknown>), status: response.status };
}
