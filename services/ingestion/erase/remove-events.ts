import { parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { applyEffects } from "../effects/apply-effects.ts";
import { ATTEMPTS, keptChanging } from "../effects/kept-changing.ts";
import { settleDevice } from "../effects/settle-device.ts";
import { type EventCursor, isFloating, type StoredEvent } from "../event.ts";
import type { Erasure } from "./erasure.ts";

/** Events removed by one write. */
const PAGE = 500;

/** Pages of a user's events that were received before the erasure, none of them with effects outstanding. */
export async function* erasedPages(context: IngestionContext, erasure: Erasure): AsyncGenerator<StoredEvent[]> {
  let after: EventCursor | undefined;
  do {
    const page = await settledPage(context, erasure, after);
    yield page.filter((event) => isConcerned(erasure, event));
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
}

/** Attributes what the user's events on their devices are due to take: it is the user's, and goes with them. */
export async function settleDevicesOf(context: IngestionContext, { app }: Erasure, events: readonly StoredEvent[]) {
  const deviceKeys = deviceKeysOf(events);
  if (deviceKeys.length === 0) return;
  const { scopes } = await context.devices.getAttributionScopes({ ...parseAppKey(app), deviceKeys });
  for (const { due, deviceKeys: keys } of scopes)
    if (due !== undefined) await settleDevice(context, { app, deviceKey: keys[0]! });
}

/** Keys of the tokens that events name, each once. */
export function deviceKeysOf(events: readonly StoredEvent[]): string[] {
  return [...new Set(events.map(({ deviceKey }) => deviceKey).filter((key) => key !== ""))];
}

async function settledPage(
  context: IngestionContext,
  erasure: Erasure,
  after: EventCursor | undefined,
): Promise<StoredEvent[]> {
  const { app, appUserId } = erasure;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const page = await context.events.list({ app, filter: { appUserId }, after, limit: PAGE });
    const pending = page.filter((event) => event.pending && isConcerned(erasure, event));
    if (pending.length === 0) return page;
    const due = await applyEffects(
      context,
      pending.map((event) => ({ event, profileVersion: 0 })),
    );
    for (const device of due) await settleDevice(context, device);
  }
  throw keptChanging("the attribution of the erased user's events");
}

/**
 * At the second look only events that name the user, which may have been on their way before: what floats and is the
 * user's by now changed hands since, because the same user came back, and is not meant.
 */
function isConcerned({ requestedMs, removedOnce }: Erasure, event: StoredEvent): boolean {
  return event.receivedMs <= requestedMs && !(removedOnce && isFloating(event));
}
