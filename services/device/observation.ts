import {
  Observation_Kind,
  type Observation as ObservationMessage,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { Observation } from "./observe.ts";

/** @throws ConnectError INVALID_ARGUMENT for what no event says */
export function parseObservation(message: ObservationMessage): Observation {
  const { effectiveTimeMs: effectiveMs, fingerprint, deviceToken: token, appUserId } = message;
  switch (message.kind) {
    case Observation_Kind.IDENTIFIED:
      return { kind: "identified", effectiveMs, fingerprint, token, appUserId, live: live(message) };
    case Observation_Kind.ANONYMOUS:
      return { kind: "anonymous", effectiveMs, fingerprint, token, live: live(message) };
    case Observation_Kind.HASH:
      return { kind: "hash", effectiveMs, fingerprint };
    default:
      throw invalidArgument("an observation needs a kind");
  }
}

function live({ late, leaves, attributes }: ObservationMessage) {
  if (late) return null;
  if (attributes === undefined) throw invalidArgument("a live device event needs attributes");
  const { platform, pushPermissionGranted, timezone, language, country } = attributes;
  return { leaves, attributes: { platform, pushPermissionGranted, timezone, language, country } };
}
