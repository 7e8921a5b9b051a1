import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { EventTime } from "../event/event-time.ts";
import { serverEventFingerprint, sha256OfCanonical } from "../event/fingerprint.ts";

/** A server event as sent, checked (semantics.md, Words). */
export interface ServerEvent {
  /** A user, or a device by the hex SHA-256 of one of its tokens, in lower case. */
  readonly about: { readonly appUserId: string } | { readonly deviceTokenHash: string };
  readonly eventName: string;
  /** What is stored as `params`, as JSON. */
  readonly paramsJson: string;
  /** What makes it this event and no other: its body as it was read, without credentials. */
  readonly body: object;
  readonly idempotencyKey: string | null;
  /** Null where the sender gave none: receipt then counts. */
  readonly eventTime: Pick<EventTime, "normalized" | "milliseconds"> | null;
  /** Empty where the sender gave none. */
  readonly ip: string;
  /** Empty where the sender gave none. */
  readonly userAgent: string;
}

/** Where and when a server event came in. */
export interface ServerReceipt {
  readonly surface: "pushengage" | "appizer" | "appizer_web";
  readonly tenantId: string;
  readonly appId: string;
  /** Milliseconds. */
  readonly receivedMs: number;
}

/** The event as ingestion takes it. Without an idempotency key every call makes another event. */
export function incomingServerEvent(event: ServerEvent, receipt: ServerReceipt): IncomingEvent {
  const { surface, tenantId, appId, receivedMs } = receipt;
  const { body, idempotencyKey, about } = event;
  const identity = { tenantId, appId, surface, body };
  return create(IncomingEventSchema, {
    tenantId,
    appId,
    fingerprint: serverEventFingerprint({ ...identity, idempotencyKey: idempotencyKey ?? randomUUID() }),
    ...("appUserId" in about
      ? { kind: EventKind.USER, sentAppUserId: about.appUserId }
      : { kind: EventKind.DEVICE_HASH, deviceKey: about.deviceTokenHash }),
    eventName: event.eventName,
    eventTime: event.eventTime?.normalized ?? "",
    eventTimeMs: event.eventTime?.milliseconds ?? 0,
    receivedTimeMs: receivedMs,
    paramsJson: event.paramsJson,
    contextJson: "{}",
    surface,
    ip: event.ip,
    userAgent: event.userAgent,
    ...(idempotencyKey === null ? {} : { idempotencyKey, idempotencyHash: sha256OfCanonical(body) }),
  });
}
