import { appKey } from "../../runtime/app-key.ts";
import { sha256Hex } from "../../runtime/sha256.ts";

/** One user of one app. */
export interface ProfileId {
  readonly tenantId: string;
  readonly appId: string;
  readonly appUserId: string;
}

/**
 * Longest user id, in bytes of UTF-8, that is part of a key as it stands: a store's key has at most 5 KB, of which the
 * tenant and the app take less than 100 bytes.
 */
const MAX_PLAIN_BYTES = 4_500;

/** Characters that a shortened id begins with; at most 4 bytes each. */
const SHORTENED_CHARACTERS = 1_000;

/** What the keys of an app's profiles begin with. */
export function profileKeyPrefix(app: { readonly tenantId: string; readonly appId: string }): string {
  return `${appKey(app)}/`;
}

/** The key of a user's profile document. */
export function profileKey(profile: ProfileId): string {
  return `${profileKeyPrefix(profile)}${isShortened(profile.appUserId) ? shorten(profile.appUserId) : profile.appUserId}`;
}

/**
 * Whether a document's key does not spell out the user id. Only the id of an anonymous profile can be that long: it
 * holds a device token of up to 4,096 characters.
 */
export function isShortened(appUserId: string): boolean {
  return appUserId.length * 3 > MAX_PLAIN_BYTES && Buffer.byteLength(appUserId) > MAX_PLAIN_BYTES;
}

/** The user id that a key spells out, for keys that are not shortened. */
export function userIdOf(key: string): string {
  return key.slice(key.indexOf("/", key.indexOf("/") + 1) + 1);
}

/** A token holds no white space, so that no id is spelled like a shortened one. */
function shorten(appUserId: string): string {
  const beginning = Array.from(appUserId).slice(0, SHORTENED_CHARACTERS).join("");
  return `${beginning} ${sha256Hex(appUserId)}`;
}
