import { KeyKind } from "../../../proto/gen/carillon/identity/v1/app_pb.js";
import type { ResolveKeyRequest } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { parseAppKey } from "../../runtime/app-key.ts";
import { invalidArgument } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { userSignaturePolicy } from "./user-signature-policy.ts";

const SHA256_BYTES = 32;

const KINDS = { api: KeyKind.API, server: KeyKind.SERVER } as const;

/** What a key opens: nothing if nobody made it, or if its app was never completed. */
export async function resolveKey({ store }: IdentityContext, { keyHash }: ResolveKeyRequest) {
  if (keyHash.length !== SHA256_BYTES)
    throw invalidArgument(`keyHash has ${keyHash.length} bytes; it must have ${SHA256_BYTES}`);
  const hash = Buffer.from(keyHash).toString("hex");
  const key = (await store.keys.load([hash])).get(hash)?.value;
  if (key === undefined) return {};
  const app = (await store.apps.load([key.app])).get(key.app)?.value;
  if (app === undefined) return {};
  const userSignatures = key.kind === "api" ? userSignaturePolicy(app) : undefined;
  return {
    kind: KINDS[key.kind],
    ...parseAppKey(key.app),
    revoked: key.revokedAtMs !== undefined,
    ...(userSignatures === undefined ? {} : { userSignatures }),
  };
}
