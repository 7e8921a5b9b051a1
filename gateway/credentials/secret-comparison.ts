import { hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of a key or token, 32 bytes: the only form in which one is kept. */
export function secretHash(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

/** Whether `sent` is the secret behind `expectedHash`, in a time that depends on neither. */
export function isSecret(sent: string, expectedHash: Buffer): boolean {
  return timingSafeEqual(secretHash(sent), expectedHash);
}
