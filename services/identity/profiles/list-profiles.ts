import type { ListProfilesRequest } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../../runtime/paging.ts";
import { requireApp } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { isLive, type LiveProfile } from "../store.ts";
import { profileKeyPrefix, userIdOf } from "./profile-key.ts";
import { profileMessage } from "./profile-messages.ts";

/** Profiles of an app by user id. Pages begin after a user, so what arrives meanwhile repeats or skips nobody. */
export async function listProfiles({ store }: IdentityContext, request: ListProfilesRequest) {
  const filters = [requireApp(request), "profiles"];
  const keyPrefix = profileKeyPrefix(request);
  const pageSize = parsePageSize(request.pageSize);
  const position = parsePageToken(request.pageToken, filters);

  // One more than asked for tells whether there is a next page. Tombstones take places, hence more than one round.
  const found: { readonly key: string; readonly value: LiveProfile }[] = [];
  let afterKey = position === undefined ? undefined : keyPrefix + position;
  for (let more = true; more && found.length <= pageSize; ) {
    const documents = await store.profiles.page({
      keyPrefix,
      ...(afterKey === undefined ? {} : { afterKey }),
      limit: pageSize + 1,
    });
    for (const { key, value } of documents) if (isLive(value)) found.push({ key, value });
    more = documents.length > pageSize;
    afterKey = documents.at(-1)?.key;
  }

  const page = found.slice(0, pageSize);
  return {
    profiles: page.map(({ key, value }) => profileMessage(value.appUserId ?? userIdOf(key), value)),
    nextPageToken: found.length > pageSize ? pageTokenAfter(page.at(-1)!.key.slice(keyPrefix.length), filters) : "",
  };
}
