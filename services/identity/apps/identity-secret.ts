import { keyPrefix } from "./credentials.ts";

/** A secret that signs the users of an app. It is kept as it is: an HMAC cannot be checked by a hash of its key. */
export type IdentitySecret = ActiveSecret | RevokedSecret;

export interface ActiveSecret extends SecretRecord {
  readonly secret: string;
}

/** All that stays of a revoked secret. */
export interface RevokedSecret extends SecretRecord {
  readonly revokedAtMs: number;
}

interface SecretRecord {
  /** Names the secret to operators. */
  readonly secretId: string;
  /** First characters of the secret, to recognize it by. */
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
}

/** Most active secrets of an app: every one of them may have to be tried on a signature. */
export const MAX_ACTIVE_SECRETS = 5;

/** How many revoked secrets are remembered. */
const MAX_REVOKED_SECRETS = 20;

/** Whether signatures under the secret are valid. */
export function isActive(secret: IdentitySecret): secret is ActiveSecret {
  return "secret" in secret;
}

/** A record of a new secret. */
export function newIdentitySecret(secretId: string, secret: string, createdAtMs: number): ActiveSecret {
  return { secretId, prefix: keyPrefix(secret), createdAtMs, secret };
}

/** The secrets with this one revoked, its text and the oldest of many revoked ones gone. */
export function withRevoked(secrets: readonly IdentitySecret[], secretId: string, revokedAtMs: number) {
  const revoked = secrets.map((candidate): IdentitySecret => {
    if (candidate.secretId !== secretId || !isActive(candidate)) return candidate;
    const { secret: _, ...record } = candidate;
    return { ...record, revokedAtMs };
  });
  const surplus = revoked.filter((secret) => !isActive(secret)).slice(0, -MAX_REVOKED_SECRETS);
  return revoked.filter((secret) => !surplus.includes(secret));
}
