import type {
  EventPosition as EventPositionMessage,
  LatestDeviceEvent,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { LatestEvent } from "./device.ts";
import type { EventPosition } from "./event-position.ts";

/** @throws ConnectError INVALID_ARGUMENT for an event without its place or attributes */
export function parseLatestEvent({ position, appUserId, leaves, attributes }: LatestDeviceEvent): LatestEvent {
  if (position === undefined || attributes === undefined)
    throw invalidArgument("a latest event needs its place and attributes");
  const { platform, pushPermissionGranted, timezone, language, country } = attributes;
  return {
    ...parsePosition(position),
    appUserId,
    leaves,
    attributes: { platform, pushPermissionGranted, timezone, language, country },
  };
}

/** The place in a message. */
export function parsePosition({ effectiveTimeMs: effectiveMs, fingerprint }: EventPositionMessage): EventPosition {
  return { effectiveMs, fingerprint };
}

/** A place as a message. */
export function positionMessage({ effectiveMs: effectiveTimeMs, fingerprint }: EventPosition) {
  return { effectiveTimeMs, fingerprint };
}
