import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { AppKey } from "../../runtime/app-key.ts";
import type { Attribution, EventCursor, StoredEvent } from "../event.ts";
import { compareInOrder } from "../event-order.ts";
import type { Border, DeviceEventName, EventStore } from "../store.ts";

/** Belongs to nobody yet: no live event has made its device known. */
export const waiting: Attribution = { appUserId: "", attributedBy: "" };

/** What belongs to the device's anonymous profile. */
export function anonymousProfile(scope: AttributionScope): Attribution {
  return { appUserId: `anon:${scope.rootToken}`, attributedBy: "" };
}

/** Whether an event is stored as belonging there. */
export function isAttributedTo(event: StoredEvent, to: Attribution): boolean {
  return event.appUserId === to.appUserId && event.attributedBy === to.attributedBy;
}

/** The event as it is stored once it was attributed anew by a version of its device. */
export function reattributed(event: StoredEvent, to: Attribution, version: number): StoredEvent {
  const takenFromSomebody = event.appUserId !== "" && !isAttributedTo(event, to);
  const priors = takenFromSomebody
    ? [...event.priors, { appUserId: event.appUserId, attributedBy: event.attributedBy }]
    : event.priors;
  return { ...event, ...to, attributionVersion: version, pending: true, priors };
}

/**
 * Looks up who takes the floating events of one device (semantics, Attribution).
 *
 * Asked in order of time it needs one look-up for all the events below one border.
 */
export class Timeline {
  readonly #store: EventStore;
  readonly #app: AppKey;
  readonly #scope: AttributionScope;
  /** The earliest border at or after `fromMs`; none at all where `border` is undefined. */
  #known: { readonly fromMs: number; readonly border: Border | undefined } | undefined;

  constructor(store: EventStore, app: AppKey, scope: AttributionScope) {
    this.#store = store;
    this.#app = app;
    this.#scope = scope;
  }

  /** Who a floating event belongs to, by the live events around it. */
  async attribute(event: StoredEvent): Promise<Attribution> {
    if (event.role === "hash") {
      if (!this.#scope.known) return waiting;
      const before = await this.#store.deviceEventBefore(this.#app, this.#scope.deviceKeys, event);
      if (before !== undefined && this.#isOwnedAfter(before, event)) {
        return { appUserId: before.sentAppUserId, attributedBy: "" };
      }
    }
    return this.attributeAt(event.effectiveMs);
  }

  /** Whether a device event's user still owns the device at a later place, up to which no other device event is stored. */
  #isOwnedAfter(deviceEvent: DeviceEventName, place: EventCursor): boolean {
    if (deviceEvent.sentAppUserId === "" || deviceEvent.eventName === "logged_out") return false;
    const erased = this.#scope.ownerErased;
    if (erased === undefined) return true;
    const erasedPlace = { effectiveMs: erased.effectiveTimeMs, fingerprint: erased.fingerprint };
    return compareInOrder(deviceEvent, erasedPlace) >= 0 || compareInOrder(place, erasedPlace) <= 0;
  }

  /** Who an anonymous event at a time belongs to. */
  async attributeAt(effectiveMs: number): Promise<Attribution> {
    const border = await this.#borderAtOrAfter(effectiveMs);
    if (border === undefined || this.#scope.unlinkedAppUserIds.includes(border.appUserId))
      return anonymousProfile(this.#scope);
    return { appUserId: border.appUserId, attributedBy: border.fingerprint };
  }

  async #borderAtOrAfter(ms: number): Promise<Border | undefined> {
    const known = this.#known;
    if (known !== undefined && ms >= known.fromMs && (known.border === undefined || ms <= known.border.effectiveMs))
      return known.border;
    const border = await this.#store.borderAtOrAfter(this.#app, this.#scope.deviceKeys, ms);
    this.#known = { fromMs: ms, border };
    return border;
  }
}
