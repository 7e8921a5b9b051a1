import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ProfileState as StateMessage } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { type Profile, ProfileSchema } from "../../../proto/gen/carillon/identity/v1/profile_pb.js";
import { invalidArgument } from "../../runtime/request-arguments.ts";
import type { LiveProfile } from "../store.ts";
import type { ProfileState } from "./profile.ts";
import { isShortened } from "./profile-key.ts";

/**
 * The document keys that the elements of a request name, in order.
 *
 * @throws ConnectError INVALID_ARGUMENT where one is missing or named twice
 */
export function distinctKeys<K>(
  elements: readonly { readonly key?: K | undefined }[],
  documentKey: (key: K) => string,
): string[] {
  const seen = new Set<string>();
  return elements.map(({ key }) => {
    const named = documentKey(required(key, "key"));
    if (seen.has(named)) throw invalidArgument("a key is named twice in one request");
    seen.add(named);
    return named;
  });
}

/** A message that the protocol calls required. */
export function required<T>(message: T | undefined, field: string): T {
  if (message === undefined) throw invalidArgument(`${field} is required`);
  return message;
}

/** What a message says a user's events add up to. */
export function stateOf({ firstSeenMs, lastSeenMs, attributes }: StateMessage): ProfileState {
  if (attributes === undefined) return { firstSeenMs, lastSeenMs };
  const { effectiveTimeMs: t, fingerprint, platform, timezone, language, country } = attributes;
  return { firstSeenMs, lastSeenMs, attributes: { t, fingerprint, platform, timezone, language, country } };
}

/** The document of a user who has events. */
export function liveProfile(appUserId: string, state: ProfileState): LiveProfile {
  return isShortened(appUserId) ? { state, appUserId } : { state };
}

/** A document's profile as operators read it. */
export function profileMessage(appUserId: string, { state }: LiveProfile): Profile {
  const { firstSeenMs, lastSeenMs, attributes } = state;
  return create(ProfileSchema, {
    appUserId,
    anonymous: isAnonymousId(appUserId),
    firstSeenTime: timestampFromMs(firstSeenMs),
    lastSeenTime: timestampFromMs(lastSeenMs),
    language: attributes?.language ?? "",
    country: attributes?.country ?? "",
    timezone: attributes?.timezone ?? "",
    platform: attributes?.platform ?? "",
  });
}

const ANONYMOUS = "anon:";

/** Whether an id is that of a device's anonymous profile. */
export function isAnonymousId(appUserId: string): boolean {
  return appUserId.startsWith(ANONYMOUS);
}

/** The id of the anonymous profile that is named for a token. */
export function anonymousId(deviceToken: string): string {
  return ANONYMOUS + deviceToken;
}

/** The token that an anonymous id names. */
export function tokenOf(anonymous: string): string {
  return anonymous.slice(ANONYMOUS.length);
}
