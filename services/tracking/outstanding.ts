import type { AppKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { finishesInTime } from "../runtime/effects-wait.ts";
import { changeEntries, type EntryChange } from "./change-entries.ts";
import type { InvalidToken, TrackingContext, UnattributedPush } from "./context.ts";
import {
  anonymousOwnerToken,
  invalidTokenTold,
  isOutstanding,
  type LedgerEntry,
  type RegisteredPush,
  untoldInvalidToken,
} from "./push.ts";
import { type PushKey, parsePushKey } from "./push-key.ts";

/**
 * Does what is outstanding for pushes of one app: has those to an anonymous owner attributed, and tells the device
 * service of refused tokens. Repeatable.
 *
 * @throws whatever a store or a service answers; it then stays outstanding
 */
export async function finishOutstanding(
  context: TrackingContext,
  app: AppKey,
  entries: ReadonlyMap<PushKey, LedgerEntry>,
): Promise<void> {
  const pushes = [...entries].filter((pair): pair is [PushKey, RegisteredPush] => pair[1].kind === "registered");
  await Promise.all([attributePending(context, app, pushes), tellInvalidTokens(context, app, pushes)]);
}

/** Waits for {@link finishOutstanding} as long as an answer may. Where it takes longer or fails, the sweeper sees to it. */
export async function finishInTime(
  context: TrackingContext,
  app: AppKey,
  entries: ReadonlyMap<PushKey, LedgerEntry>,
): Promise<void> {
  if (![...entries.values()].some((entry) => entry.kind === "registered" && isOutstanding(entry))) return;
  await finishesInTime(context, finishOutstanding(context, app, entries));
}

/** Registered pushes, by their keys. */
export type Registered = readonly (readonly [PushKey, RegisteredPush])[];

async function attributePending(context: TrackingContext, app: AppKey, pushes: Registered): Promise<void> {
  const pending: UnattributedPush[] = [];
  for (const [key, push] of pushes) {
    const ownerToken = anonymousOwnerToken(push);
    if (ownerToken === undefined || !push.attributionPending) continue;
    const { trackingToken } = parsePushKey(key);
    pending.push({ trackingToken, ownerToken, deviceKey: deviceKeyOf(ownerToken), sentMs: push.sentMs });
  }
  if (pending.length > 0) await context.attributePushes(app, pending);
}

/** Tells the device service of refused tokens that it has not been told of. */
export async function tellInvalidTokens(context: TrackingContext, app: AppKey, pushes: Registered): Promise<void> {
  const tokens: InvalidToken[] = [];
  const told = new Map<PushKey, EntryChange>();
  for (const [key, push] of pushes) {
    const receivedMs = untoldInvalidToken(push);
    if (receivedMs === undefined) continue;
    tokens.push({ deviceToken: push.deviceToken, receivedMs });
    told.set(key, (entry) => (entry?.kind === "registered" ? invalidTokenTold(entry, receivedMs) : undefined));
  }
  if (tokens.length === 0) return;
  await context.reportInvalidTokens(app, tokens);
  await changeEntries(context, told);
}
