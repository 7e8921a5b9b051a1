import type { AppKey } from "../runtime/app-key.ts";

/** UUID of one push in lower case, any version. */
export type TrackingToken = string & { readonly __brand: "TrackingToken" };

/** `tenant/app/uuid`: what an entry of the ledger is stored under. */
export type PushKey = string & { readonly __brand: "PushKey" };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The token in lower case; undefined if it is no UUID in the form 8-4-4-4-12 (RFC 9562, any version and variant). */
export function parseTrackingToken(text: string): TrackingToken | undefined {
  return uuid.test(text) ? (text.toLowerCase() as TrackingToken) : undefined;
}

/** The key of an app's push. */
export function pushKey(app: AppKey, trackingToken: TrackingToken): PushKey {
  return `${app}/${trackingToken}` as PushKey;
}

/** The app and tracking token of a {@link PushKey}. */
export function parsePushKey(key: PushKey): { readonly app: AppKey; readonly trackingToken: TrackingToken } {
  const slash = key.lastIndexOf("/");
  return { app: key.slice(0, slash) as AppKey, trackingToken: key.slice(slash + 1) as TrackingToken };
}
