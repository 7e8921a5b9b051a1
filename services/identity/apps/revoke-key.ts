import { Code, ConnectError } from "@connectrpc/connect";
import type { RevokeKeyRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { appKey } from "../../runtime/app-key.ts";
import { notFound, received } from "../../runtime/request-arguments.ts";
import { conflict } from "../../storage/versioned-documents.ts";
import type { IdentityContext } from "../context.ts";
import { findApp } from "./find-app.ts";

/** Ends a key. It is looked up by its id, which tells nothing about it; revoking it again changes nothing. */
export async function revokeKey({ store, clock }: IdentityContext, request: RevokeKeyRequest) {
  await findApp(store, request);
  const [found] = await store.keys.page({ keyPrefix: "", where: { field: "keyId", equals: request.keyId }, limit: 1 });
  if (found === undefined || found.value.app !== appKey(request))
    throw notFound(`the app has no key ${received(request.keyId)}`);
  const { key, value, version: expectedVersion } = found;
  if (value.revokedAtMs !== undefined) return {};
  const [version] = await store.keys.save([{ key, expectedVersion, value: { ...value, revokedAtMs: clock.now() } }]);
  if (version !== conflict) return {};
  // Revoking is the only change that a key knows: somebody else has just done it.
  const stored = (await store.keys.load([key])).get(key);
  if (stored?.value.revokedAtMs === undefined)
    throw new ConnectError("the key is being changed; try again", Code.Aborted);
  return {};
}
