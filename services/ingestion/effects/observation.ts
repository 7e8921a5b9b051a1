import { create } from "@bufbuild/protobuf";
import {
  type Observation,
  Observation_Kind,
  ObservationSchema,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { parseAppKey } from "../../runtime/app-key.ts";
import type { EventRole, StoredEvent } from "../event.ts";

const kinds: Record<Exclude<EventRole, "user">, Observation_Kind> = {
  identified: Observation_Kind.IDENTIFIED,
  anonymous: Observation_Kind.ANONYMOUS,
  hash: Observation_Kind.HASH,
};

/** What a stored event that concerns a device tells it. */
export function observation(event: StoredEvent): Observation {
  if (event.role === "user") throw new Error("an event that names only a user says nothing of a device");
  const { platform, pushPermissionGranted, timezone, language, country } = event;
  return create(ObservationSchema, {
    ...parseAppKey(event.app),
    deviceKey: event.deviceKey,
    deviceToken: event.deviceToken,
    kind: kinds[event.role],
    effectiveTimeMs: event.effectiveMs,
    fingerprint: event.fingerprint,
    late: event.late,
    appUserId: event.sentAppUserId,
    leaves: event.eventName === "logged_out",
    ...(event.role === "hash" ? {} : { attributes: { platform, pushPermissionGranted, timezone, language, country } }),
  });
}
