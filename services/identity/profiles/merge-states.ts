import type {
  GetMergeStatesRequest,
  ListMergeStatesRequest,
} from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { IdentityContext } from "../context.ts";
import { isLive } from "../store.ts";
import { mergeKey, mergeKeyPrefix } from "./merge-messages.ts";

/** `IdentityService.ListMergeStates`: whatever is stored, page by page. */
export async function listMergeStates({ store }: IdentityContext, request: ListMergeStatesRequest) {
  const keyPrefix = mergeKeyPrefix(request);
  const { afterFingerprint, limit } = request;
  const page = await store.merges.page({ keyPrefix, afterKey: keyPrefix + afterFingerprint, limit });
  const last = page.length < limit ? undefined : page.at(-1);
  const filed = await store.merges.filed(page.map(({ key }) => key));
  return {
    merges: page.flatMap(({ key, value }) =>
      isLive(value) ? { fingerprint: key.slice(keyPrefix.length), state: value, ...filed.get(key) } : [],
    ),
    nextFingerprint: last === undefined ? "" : last.key.slice(keyPrefix.length),
  };
}

/** `IdentityService.GetMergeStates`. */
export async function getMergeStates({ store }: IdentityContext, { keys }: GetMergeStatesRequest) {
  const distinct = [...new Set(keys.map(mergeKey))];
  const documents = await store.merges.load(distinct);
  const filed = await store.merges.filed(distinct);
  return {
    merges: keys.map((key) => {
      const document = documents.get(mergeKey(key))?.value;
      const entry = document !== undefined && isLive(document) ? { state: document, ...filed.get(mergeKey(key)) } : {};
      return { fingerprint: key.fingerprint, ...entry };
    }),
  };
}
