import { createHash } from "node:crypto";
import type { AppKey } from "../runtime/app-key.ts";
import type { PushReport } from "./held-reports.ts";
import { applyReport, type LedgerEntry, type RegisteredPush, register } from "./push.ts";
import type { TrackingToken } from "./push-key.ts";

/** A push that another system sent, by that system's own keys: all four tell one from another (semantics, Push ledger). */
export interface ExternalPush {
  readonly provider: string;
  /** Token that it was sent to. */
  readonly subscriptionId: string;
  readonly launchId: string;
  readonly uid: string;
}

/** The token that the ledger has it under: a UUID of version 8 (RFC 9562 section 5.8) made of the SHA-256 of its keys. */
export function externalPushToken(
  app: AppKey,
  { provider, subscriptionId, launchId, uid }: ExternalPush,
): TrackingToken {
  const identity = JSON.stringify([app, provider, subscriptionId, launchId, uid]);
  const bytes = createHash("sha256").update(identity).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return groups.join("-") as TrackingToken;
}

/**
 * The entry after a report about such a push; the same object if it adds nothing. The first report to arrive enters the
 * push; what it then is depends on all of them alike: it counts as sent at the least receipt of a report, to nobody in
 * particular, because its sender named only a token.
 */
export function applyExternalReport(
  entry: LedgerEntry | undefined,
  push: ExternalPush,
  report: PushReport,
): RegisteredPush {
  const { receivedMs } = report;
  const senderIds = [
    { name: "launch_id", value: push.launchId },
    { name: "provider", value: push.provider },
    { name: "subscription_id", value: push.subscriptionId },
    { name: "uid", value: push.uid },
  ];
  const registration = { sentAppUserId: "", deviceToken: push.subscriptionId, sentMs: receivedMs, senderIds };
  const entered = register(entry, registration, receivedMs);
  return applyReport(sentBy(entered, receivedMs), report) as RegisteredPush;
}

/** The push, sent at that time at the latest; one that was registered by its own sender says itself when it was sent. */
function sentBy(push: RegisteredPush, receivedMs: number): RegisteredPush {
  if (push.sentAppUserId !== "" || push.sentMs <= receivedMs) return push;
  return { ...push, sentMs: receivedMs, registeredMs: Math.min(push.registeredMs, receivedMs) };
}
