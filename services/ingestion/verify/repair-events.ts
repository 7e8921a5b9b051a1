import type { AppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { applyEffects } from "../effects/apply-effects.ts";
import { settleDevice } from "../effects/settle-device.ts";
import { isFloating, type StoredEvent } from "../event.ts";

/** Has what follows from stored events applied once more, as if they were pending. */
export async function applyOnceMore(context: IngestionContext, events: readonly StoredEvent[]): Promise<void> {
  const due = await applyEffects(
    context,
    // Version 0: nothing is known of the profiles, so that they are computed anew.
    events.map((event) => ({ event, profileVersion: 0 })),
  );
  for (const device of due) await settleDevice(context, device);
}

/** Gives those of the events that name their user back to them. Others follow from their device. */
export async function reattributeNamed(
  context: IngestionContext,
  app: AppKey,
  fingerprints: readonly string[],
): Promise<void> {
  const named = (await stored(context, app, fingerprints)).filter((event) => !isFloating(event));
  if (named.length === 0) return;
  const changes = named.map((event) => ({
    event,
    appUserId: event.sentAppUserId,
    attributedBy: "",
    attributionVersion: event.attributionVersion,
  }));
  await context.events.attribute(changes, context.clock.now());
  await applyOnceMore(context, await stored(context, app, fingerprints));
}

/** The events that are stored, as they are now. */
export async function stored(
  { events }: Pick<IngestionContext, "events">,
  app: AppKey,
  fingerprints: readonly string[],
): Promise<StoredEvent[]> {
  const found = await Promise.all(fingerprints.map((fingerprint) => events.get(app, fingerprint)));
  return found.filter((event) => event !== undefined);
}
