import { type Accepted, nothingRemains } from "./accepted.ts";
import { eventAttribution, pushAttribution } from "./attribution.ts";
import { type DefinitionView, definitionsOf } from "./definitions.ts";
import { type DeviceView, devicesOf, deviceViews } from "./devices.ts";
import { journalOf, type MergeView } from "./journal.ts";
import { timed } from "./order.ts";
import { anonymousIdMeans, type ProfileView, profilesOf } from "./profiles.ts";
import { type PushView, progressOf } from "./pushes.ts";

/** The state of one app, as the operator API shows it. */
export interface State {
  /** By fingerprint. */
  readonly events: Map<string, EventView>;
  /** By user. */
  readonly profiles: Map<string, ProfileView>;
  /** By current token. */
  readonly devices: Map<string, DeviceView>;
  /** By tracking token. */
  readonly pushes: Map<string, PushView>;
  /** By the fingerprint of the event that took something. */
  readonly merges: Map<string, MergeView>;
  /** By event name. */
  readonly definitions: Map<string, DefinitionView>;
  /** Whom the `anon:` ids of devices' tokens lead to; those that lead to nobody are not there. */
  readonly anonymousIds: Map<string, string>;
}

export interface EventView {
  readonly appUserId: string;
  readonly attributedBy: string;
  readonly effectiveMs: number;
  readonly flags: string[];
}

/**
 * The page's function, computed from scratch in the plainest way: no state is kept, nothing is incremental.
 *
 * Written from contract/semantics.md alone; shares no code with the services.
 */
export function stateOf(accepted: Accepted): State {
  const timedEvents = accepted.events.map(timed);
  const devices = devicesOf(accepted, timedEvents);
  const events = timedEvents.map((event) => ({ ...event, ...eventAttribution(event, devices) }));
  const pushes = accepted.pushes.map((push) => ({ ...push, ...pushAttribution(push, devices) }));
  const anonymousIds = devices
    .flatMap(({ tokens }) => tokens)
    .map((token) => [token, anonymousIdMeans(token, { devices, events })] as const);
  return {
    events: new Map(
      events.map(({ fingerprint, appUserId, attributedBy, effectiveMs, late, skewedFuture }) => [
        fingerprint,
        {
          appUserId,
          attributedBy,
          effectiveMs,
          flags: [...(late ? ["late"] : []), ...(skewedFuture ? ["skewed_future"] : [])],
        },
      ]),
    ),
    profiles: profilesOf(events),
    devices: deviceViews(devices),
    pushes: new Map(
      pushes.map((push) => [
        push.trackingToken,
        { appUserId: push.appUserId, ...progressOf(push, accepted.reports ?? []) },
      ]),
    ),
    merges: journalOf(devices, { events, pushes }),
    definitions: definitionsOf(timedEvents, accepted.remains ?? nothingRemains),
    anonymousIds: new Map(anonymousIds.filter((pair): pair is [string, string] => pair[1] !== undefined)),
  };
}
