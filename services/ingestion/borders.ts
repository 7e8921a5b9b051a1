import type { StoredEvent } from "./event.ts";
import type { Border, DeviceEventName } from "./store.ts";

/** What an identified event is to the floating events before it. */
export function borderOf({ effectiveMs, fingerprint, sentAppUserId }: StoredEvent): Border {
  return { effectiveMs, fingerprint, appUserId: sentAppUserId };
}

/** What a device event says about who holds the device from then on. */
export function deviceEventNameOf({
  effectiveMs,
  fingerprint,
  sentAppUserId,
  eventName,
}: StoredEvent): DeviceEventName {
  return { effectiveMs, fingerprint, sentAppUserId, eventName };
}
