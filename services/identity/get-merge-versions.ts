import type { GetMergeVersionsRequest } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { IdentityContext } from "./context.ts";
import { mergeKey } from "./merge-messages.ts";

/** Versions as they are stored now, those of tombstones included. */
export async function getMergeVersions({ store }: IdentityContext, request: GetMergeVersionsRequest) {
  const keys = request.keys.map(mergeKey);
  const stored = await store.merges.load([...new Set(keys)]);
  return { versions: keys.map((key) => BigInt(stored.get(key)?.version ?? 0)) };
}
