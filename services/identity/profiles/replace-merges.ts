import type { MergeState, ReplaceMergesRequest } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { IdentityContext } from "../context.ts";
import type { Merge } from "./merge.ts";
import { mergeKey } from "./merge-messages.ts";
import { distinctKeys } from "./profile-messages.ts";
import { replaceDocuments } from "./replace-documents.ts";

/**
 * Replaces journal entries whose version still is the expected one. Without a state, a tombstone is left even where
 * there was no entry: a count that was made before must find another version than 0.
 */
export async function replaceMerges({ store, clock }: IdentityContext, { replacements }: ReplaceMergesRequest) {
  const keys = distinctKeys(replacements, mergeKey);
  const removedAtMs = clock.now();
  const writes = replacements.map(({ state, expectedVersion }, i) => ({
    key: keys[i]!,
    expectedVersion: Number(expectedVersion),
    value: state === undefined ? { removedAtMs } : mergeOf(state),
  }));
  return { results: await replaceDocuments(store.merges, writes) };
}

function mergeOf({ deviceKey, toAppUserId, causeMs, eventCount, pushCount }: MergeState): Merge {
  return { deviceKey, toAppUserId, causeMs, eventCount, pushCount };
}
