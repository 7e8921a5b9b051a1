import type { HandlerContext } from "@connectrpc/connect";
import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { ListMergesRequest } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { deviceKeyOf } from "../../runtime/device-key.ts";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../../runtime/paging.ts";
import { requireApp } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { isLive } from "../store.ts";
import type { Merge } from "./merge.ts";
import { mergeKeyPrefix, mergeMessage } from "./merge-messages.ts";

interface Entry {
  /** Of the cause. */
  readonly fingerprint: string;
  readonly merge: Merge;
}

/** The merge journal in the order of causes' fingerprints, with the devices' tokens as they are now. */
export async function listMerges(
  context: IdentityContext,
  request: ListMergesRequest,
  { signal }: Pick<HandlerContext, "signal">,
) {
  const { deviceToken } = request;
  const filters = [requireApp(request), "merges", request.appUserId, deviceToken];
  const pageSize = parsePageSize(request.pageSize);
  const afterFingerprint = parsePageToken(request.pageToken, filters);
  const filtered =
    deviceToken === "" ? undefined : await deviceKeysOf(context, { request, key: deviceKeyOf(deviceToken), signal });

  // One more than asked for tells whether there is a next page.
  const found = await entries(context, { request, afterFingerprint, deviceKeys: filtered, limit: pageSize + 1 });
  const page = found.slice(0, pageSize);
  const scopes = await scopesOf(context, request, { keys: page.map(({ merge }) => merge.deviceKey), signal });
  return {
    merges: page.map(({ fingerprint, merge }) => mergeMessage(fingerprint, merge, scopes.get(merge.deviceKey))),
    nextPageToken: found.length > pageSize ? pageTokenAfter(page.at(-1)!.fingerprint, filters) : "",
  };
}

/** Keys of all tokens of the device of one. */
async function deviceKeysOf(
  context: IdentityContext,
  { request, key, signal }: { readonly request: ListMergesRequest; readonly key: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const scopes = await scopesOf(context, request, { keys: [key], signal });
  return scopes.get(key)?.deviceKeys ?? [key];
}

/** Devices by the keys of all their tokens. */
async function scopesOf(
  { deviceRegistry }: IdentityContext,
  { tenantId, appId }: ListMergesRequest,
  { keys, signal }: { readonly keys: readonly string[]; readonly signal: AbortSignal },
): Promise<Map<string, AttributionScope>> {
  if (keys.length === 0) return new Map();
  const deviceKeys = [...new Set(keys)];
  const { scopes } = await deviceRegistry.getAttributionScopes({ tenantId, appId, deviceKeys }, { signal });
  return new Map(scopes.flatMap((scope) => scope.deviceKeys.map((key) => [key, scope] as const)));
}

interface EntryQuery {
  readonly request: ListMergesRequest;
  readonly afterFingerprint: string | undefined;
  /** Any of these; undefined means all. */
  readonly deviceKeys: readonly string[] | undefined;
  readonly limit: number;
}

/** By the user's index where a user is asked for, who has few entries of other devices; else by each of the keys. */
async function entries(context: IdentityContext, query: EntryQuery): Promise<Entry[]> {
  const { request, deviceKeys } = query;
  if (request.appUserId !== "") return scan(context, query, { field: "user", equals: request.appUserId });
  if (deviceKeys === undefined) return scan(context, query, undefined);
  const ofKeys = deviceKeys.map((equals) => scan(context, query, { field: "device", equals }));
  const all = (await Promise.all(ofKeys)).flat();
  return all.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)).slice(0, query.limit);
}

/** Tombstones, and entries of other devices, take places in the store's pages; hence more than one round. */
async function scan(
  { store }: IdentityContext,
  { request, afterFingerprint, deviceKeys, limit }: EntryQuery,
  where: { readonly field: string; readonly equals: string } | undefined,
): Promise<Entry[]> {
  const keyPrefix = mergeKeyPrefix(request);
  const found: Entry[] = [];
  let afterKey = afterFingerprint === undefined ? undefined : keyPrefix + afterFingerprint;
  for (let more = true; more && found.length < limit; ) {
    const position = afterKey === undefined ? {} : { afterKey };
    const documents = await store.merges.page({ keyPrefix, ...position, ...(where && { where }), limit });
    for (const { key, value } of documents) {
      if (!isLive(value) || deviceKeys?.includes(value.deviceKey) === false) continue;
      found.push({ fingerprint: key.slice(keyPrefix.length), merge: value });
    }
    more = documents.length === limit;
    afterKey = documents.at(-1)?.key;
  }
  return found.slice(0, limit);
}
