import { create } from "@bufbuild/protobuf";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import { deviceEventFingerprint } from "../../event/fingerprint.ts";
import type { ParsedEvent } from "./event-body.ts";

/** The event as ingestion takes it. `receivedMs`: receipt, milliseconds. */
export function incomingEvent(event: ParsedEvent, receipt: { appId: string; receivedMs: number }): IncomingEvent {
  return create(IncomingEventSchema, {
    tenantId: event.tenantId,
    appId: receipt.appId,
    fingerprint: deviceEventFingerprint({ ...event, appId: receipt.appId }),
    kind: EventKind.DEVICE,
    sentAppUserId: event.sentAppUserId,
    eventName: event.eventName,
    eventTime: event.eventTime,
    eventTimeMs: event.eventTimeMs,
    receivedTimeMs: receipt.receivedMs,
    deviceToken: event.deviceToken,
    deviceKey: deviceKeyOf(event.deviceToken),
    platform: event.platform,
    pushPermissionGranted: event.pushPermissionGranted,
    timezone: event.timezone,
    language: event.language,
    country: event.country,
    sessionId: event.sessionId,
    paramsJson: event.paramsJson,
    contextJson: event.contextJson,
    surface: "smartapppush",
  });
}
