export interface PostOptions {
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers that are no surprise. */
  readonly expected: number | readonly number[];
}

/** The fields of an answer and its status; throws where another answer was expected. */
export async function postJson(
  url: string,
  { body, headers = {}, expected }: PostOptions,
): Promise<Readonly<Record<string, unknown>> & { readonly status: number }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (![expected].flat().includes(response.status)) throw new Error(`${url} answers ${response.status}: ${text}`);
  return { ...(JSON.parse(text) as Record<string, unknown>), status: response.status };
}
