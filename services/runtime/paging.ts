import { hash } from "node:crypto";
import { invalidArgument } from "./request-arguments.ts";

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;

/** Bytes of the filters' hash in a token: enough to tell a mistake, which is all that it is for. */
const HASH_BYTES = 8;

/**
 * How many elements a page may have: 0 means 100.
 *
 * @throws ConnectError INVALID_ARGUMENT outside of 0 to 1,000
 */
export function parsePageSize(pageSize: number): number {
  if (pageSize >= 0 && pageSize <= MAX_PAGE_SIZE) return pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
  throw invalidArgument(`pageSize is ${pageSize}; it must be 0 (meaning ${DEFAULT_PAGE_SIZE}) to ${MAX_PAGE_SIZE}`);
}

/**
 * A token for the page after a position: what arrives meanwhile moves nothing.
 *
 * @param filters of the list, which have to be the same for the next page
 */
export function pageTokenAfter(position: string, filters: readonly string[]): string {
  return Buffer.concat([hashOf(filters), Buffer.from(position)]).toString("base64url");
}

/**
 * The position that a page begins after; undefined for the first page.
 *
 * @throws ConnectError INVALID_ARGUMENT where the token is not from an earlier page of the same list
 */
export function parsePageToken(pageToken: string, filters: readonly string[]): string | undefined {
  if (pageToken === "") return undefined;
  const position = Buffer.from(pageToken, "base64url").subarray(HASH_BYTES).toString();
  if (pageTokenAfter(position, filters) === pageToken) return position;
  throw invalidArgument("pageToken is not the nextPageToken of an earlier answer to the same request");
}

function hashOf(filters: readonly string[]): Buffer {
  return hash("sha256", JSON.stringify(filters), "buffer").subarray(0, HASH_BYTES);
}
