import type {
  GetProfileStatesRequest,
  ListProfileStatesRequest,
  ProfileState as StateMessage,
} from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { pageTokenAfter, parsePageToken } from "../../runtime/paging.ts";
import type { IdentityContext } from "../context.ts";
import { isLive, type ProfileDocument } from "../store.ts";
import type { ProfileState } from "./profile.ts";
import { profileKey, profileKeyPrefix, userIdOf } from "./profile-key.ts";

/** `IdentityService.ListProfileStates`: whatever is stored, page by page. */
export async function listProfileStates({ store }: IdentityContext, request: ListProfileStatesRequest) {
  const keyPrefix = profileKeyPrefix(request);
  const filters = [keyPrefix, "profile states"];
  const position = parsePageToken(request.pageToken, filters);
  const afterKey = position === undefined ? keyPrefix : keyPrefix + position;
  const page = await store.profiles.page({ keyPrefix, afterKey, limit: request.limit });
  const last = page.length < request.limit ? undefined : page.at(-1);
  return {
    profiles: page.flatMap(({ key, value }) =>
      isLive(value) ? { appUserId: value.appUserId ?? userIdOf(key), state: stateMessage(value.state) } : [],
    ),
    nextPageToken: last === undefined ? "" : pageTokenAfter(last.key.slice(keyPrefix.length), filters),
  };
}

/** `IdentityService.GetProfileStates`. */
export async function getProfileStates({ store }: IdentityContext, { keys }: GetProfileStatesRequest) {
  const documents = await store.profiles.load([...new Set(keys.map(profileKey))]);
  return {
    profiles: keys.map((key) => {
      const document: ProfileDocument | undefined = documents.get(profileKey(key))?.value;
      const state = document !== undefined && isLive(document) ? { state: stateMessage(document.state) } : {};
      return { appUserId: key.appUserId, ...state };
    }),
  };
}

function stateMessage({ firstSeenMs, lastSeenMs, attributes }: ProfileState): Omit<StateMessage, "$typeName"> {
  if (attributes === undefined) return { firstSeenMs, lastSeenMs };
  const { t: effectiveTimeMs, ...rest } = attributes;
  return { firstSeenMs, lastSeenMs, attributes: { effectiveTimeMs, ...rest } as StateMessage["attributes"] & object };
}
