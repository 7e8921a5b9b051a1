import { create } from "@bufbuild/protobuf";
import {
  type AttributionScope,
  AttributionScopeSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { parseAppKey } from "../runtime/app-key.ts";
import type { IngestionContext } from "./context.ts";
import { Timeline } from "./effects/attribution.ts";
import type { NewEvent, StoredEvent } from "./event.ts";
import { compareInOrder, wholeOrder } from "./event-order.ts";
import type { DeviceEventName, EventStore } from "./store.ts";

/** Floating events that are looked at; their number is for people, who need no more than that there are many. */
const MOST_TAKEN = 100;

/** What a device event would mean for its device, and for what was sent from there before. Users are empty for nobody. */
export interface PreviewedAttribution {
  readonly newDevice: boolean;
  readonly ownerBefore: string;
  readonly ownerAfter: string;
  readonly attributedTo: string;
  /** At most {@link MOST_TAKEN}. */
  readonly takesAnonymousEvents: number;
}

/** @param stored the same event where it is stored already: it changes nothing again */
export async function previewAttribution(
  { events, devices }: Pick<IngestionContext, "events" | "devices">,
  event: NewEvent,
  stored: StoredEvent | undefined,
): Promise<PreviewedAttribution> {
  const { app, deviceKey } = event;
  const { scopes } = await devices.getAttributionScopes({ ...parseAppKey(app), deviceKeys: [deviceKey] });
  const scope = scopeOf(event, scopes[0]);
  const latest = await events.deviceEventBefore(app, scope.deviceKeys, wholeOrder.before);
  const ownerBefore = latest === undefined ? "" : ownerSince(latest);
  if (stored !== undefined) {
    const { appUserId: attributedTo } = stored;
    return { newDevice: false, ownerBefore, ownerAfter: ownerBefore, attributedTo, takesAnonymousEvents: 0 };
  }
  const becomesLatest = !event.late && (latest === undefined || compareInOrder(latest, event) < 0);
  return {
    newDevice: !event.late && latest === undefined && !scope.known,
    ownerBefore,
    ownerAfter: becomesLatest ? ownerSince(event) : ownerBefore,
    attributedTo: await attributedTo(events, event, scope),
    takesAnonymousEvents: await countTaken(events, event, scope),
  };
}

/** The device as attribution would know it with the event; of a new one the event's token is the first. */
function scopeOf(event: NewEvent, scope: AttributionScope | undefined): AttributionScope {
  if (scope === undefined) {
    return create(AttributionScopeSchema, { deviceKeys: [event.deviceKey], rootToken: event.deviceToken });
  }
  return scope.rootToken === "" ? { ...scope, rootToken: event.deviceToken } : scope;
}

/** Who owns a device from a device event on (semantics, Device: owner). */
function ownerSince({ sentAppUserId, eventName }: Pick<DeviceEventName, "sentAppUserId" | "eventName">): string {
  return eventName === "logged_out" ? "" : sentAppUserId;
}

async function attributedTo(events: EventStore, event: NewEvent, scope: AttributionScope): Promise<string> {
  if (event.sentAppUserId !== "") return event.sentAppUserId;
  return (await new Timeline(events, event.app, scope).attributeAt(event.effectiveMs)).appUserId;
}

/** Anonymous events that would change hands: those since the border before this one (semantics, Attribution). */
async function countTaken(events: EventStore, event: NewEvent, scope: AttributionScope): Promise<number> {
  const { app, sentAppUserId, effectiveMs: toMs } = event;
  if (sentAppUserId === "" || event.late || scope.unlinkedAppUserIds.includes(sentAppUserId)) return 0;
  const before = await events.borderBefore(app, scope.deviceKeys, event);
  const fromMs = before === undefined ? Number.NEGATIVE_INFINITY : before.effectiveMs + 1;
  if (fromMs > toMs) return 0;
  const floating = await events.floating(app, scope.deviceKeys, { fromMs, toMs, limit: MOST_TAKEN });
  return floating.filter(({ role, appUserId }) => role === "anonymous" && appUserId !== sentAppUserId).length;
}
