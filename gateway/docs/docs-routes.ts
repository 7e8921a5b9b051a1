import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { ANY_ORIGIN_HEADERS } from "../http/cors.ts";
import { serveStatic } from "../http/static-content.ts";
import { openApiDocument } from "../openapi/document.ts";
import { apiPage } from "./page.ts";

/** Files of the page, by name. */
const FILES = { "style.css": "text/css", "operations.css": "text/css", "script.js": "text/javascript" } as const;
export const DOCS_PATHS: readonly string[] = ["/openapi.json", "/docs", ...Object.keys(FILES).map(pathOf)];
/** Short, because the addresses stay when the API changes. */
const CACHE_CONTROL = "public, max-age=300";
/** Nothing from elsewhere, and nothing of the page within another's. */
const POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the OpenAPI document, and the page that people read instead; rejects where a file of the page is missing. */
export async function registerDocs(app: FastifyInstance): Promise<void> {
  const surface = "docs";
  const headers = { "Cache-Control": CACHE_CONTROL };
  const json = JSON.stringify(openApiDocument());
  serveStatic(app, {
    surface,
    path: "/openapi.json",
    body: Buffer.from(json),
    contentType: "application/json; charset=utf-8",
    headers: { ...headers, ...ANY_ORIGIN_HEADERS },
  });
  serveStatic(app, {
    surface,
    path: "/docs",
    body: Buffer.from(apiPage(JSON.parse(json))),
    contentType: "text/html; charset=utf-8",
    headers: { ...headers, "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer" },
  });
  for (const [name, type] of Object.entries(FILES)) {
    const body = await readFile(new URL(name, import.meta.url));
    serveStatic(app, { surface, path: pathOf(name), body, contentType: `${type}; charset=utf-8`, headers });
  }
}

function pathOf(name: string): string {
  return `/docs/${name}`;
}
