import { type RunningCarillon, runCarillon, type Script } from "../../process/run-carillon.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** An object; undefined where the body is none. */
  readonly body: Json;
}

/** Carillon without rate limits, and ways to ask it. */
export interface CarillonProcess extends RunningCarillon {
  /** Calls `carillon.{method}` with a token, JSON both ways. */
  call(method: string, request: Json, token?: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export async function startCarillon(script?: Script): Promise<CarillonProcess> {
  const settings = { CARILLON_RATE_LIMIT: "0", CARILLON_SERVER_RATE_LIMIT: "0" };
  const running = await runCarillon({ settings, ...(script && { script }) });
  const { url, demo } = running;

  async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  }

  return {
    ...running,
    post,
    call: (method, request, token = demo.server_key) =>
      post(`/carillon.${method}`, request, { authorization: `Bearer ${token}` }),
  };
}
