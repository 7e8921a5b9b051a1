import { randomBytes } from "node:crypto";
import type { AppKey } from "../../runtime/app-key.ts";
import type { KeyKind } from "./credentials.ts";
import type { IdentitySecret } from "./identity-secret.ts";

/** One app of a tenant. */
export interface App {
  readonly tenantId: string;
  readonly appId: string;
  /** 1 to 256 characters, for people. */
  readonly name: string;
  /** Origins as `parseAllowedOrigin` answers them. */
  readonly allowedOrigins: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Whether identified events of clients need a valid signature; absent means no. */
  readonly requireUserSignature?: boolean;
  /** Days after which events and pushes are removed; absent or 0 means never. */
  readonly retentionDays?: number;
  /** Oldest first; absent means none. */
  readonly identitySecrets?: readonly IdentitySecret[];
}

/** One key of an app: everything but the key. */
export interface AppKeyRecord {
  /** Names the key to operators. */
  readonly keyId: string;
  /** App that the key opens. */
  readonly app: AppKey;
  readonly kind: KeyKind;
  /** First characters of the key, to recognize it by. */
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Milliseconds since 1970; absent while the key is active. */
  readonly revokedAtMs?: number;
}

const TENANT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const APP_NAME_CHARACTERS = 256;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Whether a text can name a tenant: 1 to 64 letters, digits, `_` or `-`. */
export function isTenantId(text: string): boolean {
  return TENANT_ID.test(text);
}

/** Whether a text can be an app's name: 1 to 256 characters (code points). */
export function isAppName(text: string): boolean {
  return text !== "" && text.length <= 2 * APP_NAME_CHARACTERS && Array.from(text).length <= APP_NAME_CHARACTERS;
}

/** A new app id: 100 random bits, so that it is unique across tenants without asking. */
export function generateAppId(): string {
  return `app_${randomBase32()}`;
}

/** A new key id, which tells nothing about the key. */
export function generateKeyId(): string {
  return `key_${randomBase32()}`;
}

/** A new id of an identity secret, which tells nothing about the secret. */
export function generateIdentitySecretId(): string {
  return `ids_${randomBase32()}`;
}

function randomBase32(): string {
  return Array.from(randomBytes(20), (byte) => BASE32[byte % BASE32.length]).join("");
}
