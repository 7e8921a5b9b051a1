import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

// Visible ASCII, 1 to 128 characters (http.md): safe in a header and in a log line.
const SANE = /^[\x21-\x7e]{1,128}$/;

/** The caller's `X-Request-Id` where it is sane, else a new UUID. */
export function requestIdOf(message: Pick<IncomingMessage, "headers">): string {
  const sent = message.headers["x-request-id"];
  return typeof sent === "string" && SANE.test(sent) ? sent : randomUUID();
}
