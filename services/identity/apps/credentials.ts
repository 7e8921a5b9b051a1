import { randomBytes } from "node:crypto";
import { sha256Hex } from "../../runtime/sha256.ts";

/** What a key may do: `api` writes events and opens, `server` opens everything of its app. */
export type KeyKind = "api" | "server";

/** What keys of a kind begin with: people and secret scanners tell a public key from a secret one by it. */
const MARKS: Readonly<Record<KeyKind, string>> = { api: "cpk_", server: "csk_" };

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Random characters of a key: 238 bits, so that a plain hash of it is safe to store. */
const RANDOM_CHARACTERS = 40;

/** Greatest multiple of 62 that a byte can hold; bytes from here on would favour the first characters. */
const UNBIASED_BELOW = 248;

/** Characters of a key that are kept in clear: its mark and 6 of the random ones, which leaves 202 bits unknown. */
const PREFIX_CHARACTERS = 10;

/** What identity secrets begin with. */
const IDENTITY_SECRET_MARK = "cis_";

/** A new key: its kind's mark and 40 random letters and digits. */
export function generateKey(kind: KeyKind): string {
  return MARKS[kind] + randomCharacters();
}

/** A new identity secret: `cis_` and 40 random letters and digits. */
export function generateIdentitySecret(): string {
  return IDENTITY_SECRET_MARK + randomCharacters();
}

function randomCharacters(): string {
  let random = "";
  while (random.length < RANDOM_CHARACTERS) {
    for (const byte of randomBytes(RANDOM_CHARACTERS)) {
      if (byte < UNBIASED_BELOW && random.length < RANDOM_CHARACTERS) random += BASE62[byte % BASE62.length];
    }
  }
  return random;
}

/** What a key is filed under: its SHA-256 in lower-case hex. */
export function hashKey(key: string): string {
  return sha256Hex(key);
}

/** What is shown of a key after its creation. */
export function keyPrefix(key: string): string {
  return key.slice(0, PREFIX_CHARACTERS);
}

/** Whether a text names a kind of key. */
export function isKeyKind(text: string): text is KeyKind {
  return text === "api" || text === "server";
}
