import type { FastifyError, FastifyInstance } from "fastify";
import { BODY_TOO_LARGE, type BodyFault, MAX_BODY_BYTES } from "../body/body-fault.ts";
import { decodeBody } from "../body/content-encoding.ts";
import { contentTypeFault } from "../body/content-type.ts";
import { type JsonReading, readStrictJson } from "../body/strict-json.ts";
import type { SurfaceRequest } from "../surfaces/surface.ts";

/** Reads bodies within `scope` as bytes, whatever they claim to be, and never more than 64 KB of them. */
export function acceptAnyBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_BODY_BYTES }, (_request, body, done) => {
    done(null, body);
  });
}

/** What Fastify's error says of a body that could not be received; null where it is about something else. */
export function receptionFault(error: FastifyError, contentType: string | undefined): BodyFault | null {
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return BODY_TOO_LARGE;
  const typeFault = contentTypeFault(contentType);
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" && typeFault !== null) return typeFault;
  const isOfClient = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return isOfClient ? { kind: "malformed", message: "body could not be received in full" } : null;
}

/** Reads a request's body as a JSON object: media type, inflation, strict JSON (http.md). */
export async function readJsonBody(request: Pick<SurfaceRequest, "headers" | "body">): Promise<JsonReading> {
  const typeFault = contentTypeFault(request.headers["content-type"]);
  if (typeFault !== null) return { ok: false, fault: typeFault };
  const decoded = await decodeBody(request.body, request.headers["content-encoding"]);
  return decoded.ok ? readStrictJson(decoded.bytes) : decoded;
}
