import { Code, ConnectError } from "@connectrpc/connect";
import type { CredentialStore } from "../credentials/credential-store.ts";
import { isSecret } from "../credentials/secret-comparison.ts";
import { bearerToken } from "../surfaces/bearer-token.ts";
import { RequestFault } from "../surfaces/fault.ts";
import { unavailable } from "./service-errors.ts";

/** Who calls: the platform's operator, or the holder of one app's server key. */
export type Caller =
  | { readonly kind: "operator" }
  | { readonly kind: "app"; readonly tenantId: string; readonly appId: string };

export interface CallerOptions {
  readonly credentials: CredentialStore;
  /** SHA-256 of the operator token. */
  readonly operatorTokenHash: Buffer;
}

/**
 * The caller behind an `Authorization` header. Throws `UNAUTHENTICATED` without a credential or with one that opens
 * nothing, `PERMISSION_DENIED` for a client key, `UNAVAILABLE` where keys cannot be looked up.
 */
export async function callerOf(authorization: string | null, options: CallerOptions): Promise<Caller> {
  const secret = bearerToken(authorization ?? undefined);
  if (secret === null) {
    throw new ConnectError("send Authorization: Bearer with a server key or the operator token", Code.Unauthenticated);
  }
  if (isSecret(secret, options.operatorTokenHash)) return { kind: "operator" };
  const key = await resolve(secret, options.credentials);
  if (key.outcome !== "active") throw new ConnectError("the key or token opens nothing", Code.Unauthenticated);
  if (key.kind !== "server") {
    throw new ConnectError("an api_key only writes events and opens; send the server key", Code.PermissionDenied);
  }
  return { kind: "app", tenantId: key.tenantId, appId: key.appId };
}

async function resolve(secret: string, credentials: CredentialStore) {
  try {
    return await credentials.resolve(secret);
  } catch (error) {
    if (error instanceof RequestFault && error.fault.kind === "overloaded") throw unavailable(error);
    throw error;
  }
}
