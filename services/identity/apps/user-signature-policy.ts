import type { App } from "./app.ts";
import { isActive } from "./identity-secret.ts";

/** What gateways check signatures of an app's users by; undefined where there is nothing to check. */
export function userSignaturePolicy({ requireUserSignature = false, identitySecrets = [] }: App) {
  const active = identitySecrets.filter(isActive).map(({ secret }) => secret);
  if (!requireUserSignature && active.length === 0) return undefined;
  return { requireUserSignature, identitySecrets: active };
}
