import { EventKind, type IncomingEvent } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import { effectiveTime } from "./effective-time.ts";
import type { EventRole, NewEvent } from "./event.ts";

const roles: Record<EventKind, (event: IncomingEvent) => EventRole> = {
  [EventKind.UNSPECIFIED]: () => {
    throw invalidArgument("an event must say what kind it is");
  },
  [EventKind.DEVICE]: (event) => (event.sentAppUserId === "" ? "anonymous" : "identified"),
  [EventKind.USER]: () => "user",
  [EventKind.DEVICE_HASH]: () => "hash",
};

/**
 * The event that a validated one becomes when it is stored.
 *
 * @throws ConnectError INVALID_ARGUMENT where it does not say what kind it is
 */
export function newEvent(event: IncomingEvent): NewEvent {
  const role = roles[event.kind](event);
  const time = effectiveTime(event.eventTime === "" ? undefined : event.eventTimeMs, event.receivedTimeMs);
  return {
    app: appKey(event),
    fingerprint: event.fingerprint,
    role,
    ...time,
    sentAppUserId: event.sentAppUserId,
    // A guess for an anonymous event, right for every device whose token was never refreshed and whose past nobody
    // took: most events need no second write of their attribution.
    appUserId: role === "anonymous" ? `anon:${event.deviceToken}` : event.sentAppUserId,
    eventName: event.eventName,
    eventTime: event.eventTime,
    receivedMs: event.receivedTimeMs,
    deviceToken: event.deviceToken,
    deviceKey: event.deviceKey,
    platform: event.platform,
    pushPermissionGranted: event.pushPermissionGranted,
    timezone: event.timezone,
    language: event.language,
    country: event.country,
    sessionId: event.sessionId,
    paramsJson: event.paramsJson,
    contextJson: event.contextJson,
    surface: event.surface,
    ip: event.ip,
    userAgent: event.userAgent,
  };
}
