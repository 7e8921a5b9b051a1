import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { ANY_ORIGIN_HEADERS } from "../http/cors.ts";
import { serveStatic } from "../http/static-content.ts";

/** What is served under `/sdk/`, as `npm run build:sdk` built it. */
const FILES = ["web.js", "web.mjs", "web-service-worker.js"] as const;
export const SDK_PATHS: readonly string[] = FILES.map((name) => `/sdk/${name}`);
const BUILT = new URL("../../sdk/web/dist/", import.meta.url);
const HEADERS = {
  ...ANY_ORIGIN_HEADERS,
  // The address stays when the SDK changes, so browsers ask again after an hour, and for a day do not wait for the answer.
  "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
  // Pages that isolate themselves (Cross-Origin-Embedder-Policy) load nothing without it.
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/** Serves the Web SDK's scripts to pages of any origin; rejects where they are missing. */
export async function registerSdk(app: FastifyInstance): Promise<void> {
  for (const name of FILES) {
    const body = await readFile(new URL(name, BUILT));
    const contentType = "text/javascript; charset=utf-8";
    serveStatic(app, { path: `/sdk/${name}`, surface: "sdk", body, contentType, headers: HEADERS });
  }
}
