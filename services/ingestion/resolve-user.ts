import type { CallOptions } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { type AppKey, parseAppKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import type { IngestionContext } from "./context.ts";

const ANONYMOUS_PREFIX = "anon:";

/**
 * The user whose events are meant by an id: of any other than an `anon:` id that user itself. An `anon:` id of any token of
 * a device stands for the device's anonymous profile if there is one, else for its owner, else for the user with the
 * latest of its events (semantics, Attribution and profiles); where none of them has a profile, for the device's anonymous events.
 *
 * @throws ConnectError as identity and device answer: without them an `anon:` id means nobody
 */
export async function resolveUser(
  { profiles, devices }: Pick<IngestionContext, "profiles" | "devices">,
  { app, appUserId }: { readonly app: AppKey; readonly appUserId: string },
  options: CallOptions,
): Promise<string> {
  if (!appUserId.startsWith(ANONYMOUS_PREFIX)) return appUserId;
  try {
    const { profile } = await profiles.getProfile({ ...parseAppKey(app), appUserId }, options);
    if (profile !== undefined) return profile.appUserId;
  } catch (error) {
    if (ConnectError.from(error).code !== Code.NotFound) throw error;
  }
  const deviceKeys = [deviceKeyOf(appUserId.slice(ANONYMOUS_PREFIX.length))];
  const { scopes } = await devices.getAttributionScopes({ ...parseAppKey(app), deviceKeys }, options);
  const rootToken = scopes[0]?.rootToken ?? "";
  return rootToken === "" ? appUserId : ANONYMOUS_PREFIX + rootToken;
}
