import { Code, ConnectError } from "@connectrpc/connect";
import { type AppKey, appKey } from "./app-key.ts";

/** Longest piece of what was received that a message repeats, characters (code points). */
const SHOWN_CHARACTERS = 64;

/** An error in what the caller asked for. */
export function invalidArgument(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

/** Something that the caller named does not exist. */
export function notFound(message: string): ConnectError {
  return new ConnectError(message, Code.NotFound);
}

/** What was received, as a message repeats it: quoted, and cut where it is long. */
export function received(text: string): string {
  const characters = Array.from(text.slice(0, 2 * SHOWN_CHARACTERS + 2));
  const isCut = characters.length > SHOWN_CHARACTERS;
  return JSON.stringify(isCut ? `${characters.slice(0, SHOWN_CHARACTERS).join("")}…` : text);
}

/**
 * The app that a request names; the gateway adds it to the requests of a server key.
 *
 * @throws ConnectError INVALID_ARGUMENT where tenant or app is missing
 */
export function requireApp(request: { readonly tenantId: string; readonly appId: string }): AppKey {
  if (request.tenantId === "") throw invalidArgument("tenantId is required");
  if (request.appId === "") throw invalidArgument("appId is required");
  return appKey(request);
}
