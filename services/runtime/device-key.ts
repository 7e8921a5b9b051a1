import { sha256Hex } from "./sha256.ts";

/** What services file a device under and name it by, as server events do: the hex SHA-256 of any of its tokens. */
export function deviceKeyOf(deviceToken: string): string {
  return sha256Hex(deviceToken);
}
