import { hash } from "node:crypto";

/** SHA-256 of a text (UTF-8), as 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return hash("sha256", text, "hex");
}
