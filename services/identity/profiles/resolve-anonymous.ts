import type { IdentityContext } from "../context.ts";
import { isLive, type LiveProfile } from "../store.ts";
import { type ProfileId, profileKey } from "./profile-key.ts";
import { anonymousId, tokenOf } from "./profile-messages.ts";
import { deviceOf, latestUserOf, rootTokenOf } from "./resolve-device.ts";

export interface FoundProfile {
  readonly appUserId: string;
  readonly profile: LiveProfile;
}

/** The profile of a user, whose id is taken as it stands. */
export async function findProfile(
  { profiles }: IdentityContext,
  { tenantId, appId, appUserId }: ProfileId,
): Promise<FoundProfile | undefined> {
  const key = profileKey({ tenantId, appId, appUserId });
  const document = (await profiles.load([key])).get(key)?.value;
  return document !== undefined && isLive(document) ? { appUserId, profile: document } : undefined;
}

/** The id of the anonymous profile of the device that an `anon:` id names by any of its tokens. */
export async function rootedId(context: IdentityContext, id: ProfileId, signal: AbortSignal): Promise<string> {
  const deviceToken = tokenOf(id.appUserId);
  const rootToken = await rootTokenOf(context, { tenantId: id.tenantId, appId: id.appId, deviceToken, signal });
  return rootToken === undefined ? id.appUserId : anonymousId(rootToken);
}

/**
 * Who is behind an `anon:` id by now: the anonymous profile of the token's device, else the device's owner, else the
 * user with the latest of its events (semantics, Attribution and profiles).
 */
export async function resolveAnonymous(
  context: IdentityContext,
  id: ProfileId,
  signal: AbortSignal,
): Promise<FoundProfile | undefined> {
  const anonymous = await findProfile(context, { ...id, appUserId: await rootedId(context, id, signal) });
  if (anonymous !== undefined) return anonymous;
  const query = { tenantId: id.tenantId, appId: id.appId, deviceToken: tokenOf(id.appUserId), signal };
  const device = await deviceOf(context, query);
  if (device === undefined) return undefined;
  const appUserId = device.ownerAppUserId || (await latestUserOf(context, { ...query, tokens: device.tokens }));
  return appUserId === undefined ? undefined : findProfile(context, { ...id, appUserId });
}
