import type { AppKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { lastReceipt } from "./held-reports.ts";
import { anonymousOwnerToken, isOutstanding, type LedgerEntry, type PushState, pushState } from "./push.ts";
import { type PushKey, parsePushKey, type TrackingToken } from "./push-key.ts";

/** What a registered push is found by. User ids and tokens can be long, so that their SHA-256 stand for them. */
export interface PushIndex {
  readonly app: AppKey;
  readonly token: TrackingToken;
  /** SHA-256 of the attributed user. */
  readonly user: string;
  /** Key of the token that it was sent to. */
  readonly device: string;
  /** Key of the token in its `anon:` id; absent if it names its user. */
  readonly floating?: string;
  /** Fingerprint of the identified event that took it; absent if none did. */
  readonly attributedBy?: string;
  readonly sentMs: number;
  readonly state: PushState;
  /** When what is outstanding was last begun; absent if nothing is. */
  readonly outstandingMs?: number;
}

/** What an unregistered push is found by. */
export interface HeldIndex {
  /** Milliseconds since 1970. */
  readonly lastReceiptMs: number;
}

/** What reports without a push are found by. */
export function heldIndex(entry: Extract<LedgerEntry, { kind: "held" }>): HeldIndex {
  return { lastReceiptMs: lastReceipt(entry.held) };
}

/** What a registered push is found by as it is now. */
export function pushIndex(key: PushKey, push: Extract<LedgerEntry, { kind: "registered" }>): PushIndex {
  const { app, trackingToken: token } = parsePushKey(key);
  const ownerToken = anonymousOwnerToken(push);
  return {
    app,
    token,
    user: sha256Hex(push.appUserId),
    device: deviceKeyOf(push.deviceToken),
    ...(ownerToken === undefined ? {} : { floating: deviceKeyOf(ownerToken) }),
    ...(push.attributedBy === "" ? {} : { attributedBy: push.attributedBy }),
    sentMs: push.sentMs,
    state: pushState(push),
    ...(isOutstanding(push) ? { outstandingMs: push.begunMs } : {}),
  };
}
