import type { GetProfileVersionsRequest } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { IdentityContext } from "../context.ts";
import { profileKey } from "./profile-key.ts";

/** Versions as they are stored now, those of tombstones included. */
export async function getProfileVersions(context: IdentityContext, request: GetProfileVersionsRequest) {
  const keys = request.keys.map(profileKey);
  const stored = await context.profiles.load([...new Set(keys)]);
  return { versions: keys.map((key) => BigInt(stored.get(key)?.version ?? 0)) };
}
