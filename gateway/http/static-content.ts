import { hash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { announceEnd } from "./exchange.ts";

/** Methods of static paths, as `Allow` names them. */
export const STATIC_METHODS = "GET, HEAD, OPTIONS";
/** `gzip` in an `Accept-Encoding`, unless it is declined with a weight of 0 (RFC 9110 section 12.5.3). */
const ACCEPTS_GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i;

/** Something that is the same for everybody as long as the process lives. */
export interface StaticContent {
  readonly path: string;
  /** For logs and metrics. */
  readonly surface: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** On every answer: who may read it, how long it may be kept. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Content in one encoding. */
interface Representation {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

/** Serves content with an `ETag`, compressed for those that accept it, to GET and HEAD. */
export function serveStatic(app: FastifyInstance, content: StaticContent): void {
  const { path, surface, body } = content;
  const plain = representation(body, {});
  const gzipped = representation(gzipSync(body, { level: 9 }), { "Content-Encoding": "gzip" });
  app.get(path, async (request, reply) => {
    const { "accept-encoding": accepted = "" } = request.headers;
    return send(request, reply, { ...(ACCEPTS_GZIP.test(String(accepted)) ? gzipped : plain), content });
  });
  app.options(path, async (request, reply) => {
    request.exchange.surface = surface;
    request.exchange.verdict = "options";
    return reply.code(204).headers(content.headers).header("Allow", STATIC_METHODS).send();
  });
}

function representation(body: Buffer, headers: Readonly<Record<string, string>>): Representation {
  return { body, headers, etag: `"${hash("sha256", body, "base64url")}"` };
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, headers, etag, content }: Representation & { readonly content: StaticContent },
): FastifyReply {
  const isKnown = request.headers["if-none-match"]?.includes(etag) === true;
  request.exchange.surface = content.surface;
  request.exchange.verdict = isKnown ? "not_modified" : "served";
  reply.headers({
    ...content.headers,
    ETag: etag,
    Vary: "Accept-Encoding",
  });
  announceEnd(request, reply);
  if (isKnown) return reply.code(304).send();
  return reply.type(content.contentType).headers(headers).send(body);
}
