import type { ReplaceProfilesRequest } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { IdentityContext } from "../context.ts";
import { profileKey } from "./profile-key.ts";
import { distinctKeys, liveProfile, required, stateOf } from "./profile-messages.ts";
import { replaceDocuments } from "./replace-documents.ts";

/**
 * Replaces profiles whose version still is the expected one. Without a state, a tombstone is left even where there was
 * no profile: an observation that was decided before must find another version than 0.
 */
export async function replaceProfiles(context: IdentityContext, { replacements }: ReplaceProfilesRequest) {
  const keys = distinctKeys(replacements, profileKey);
  const removedAtMs = context.clock.now();
  const writes = replacements.map(({ key, state, expectedVersion }, i) => ({
    key: keys[i]!,
    expectedVersion: Number(expectedVersion),
    value: state === undefined ? { removedAtMs } : liveProfile(required(key, "key").appUserId, stateOf(state)),
  }));
  return { results: await replaceDocuments(context.profiles, writes) };
}
