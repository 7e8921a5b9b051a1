import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { EventSchema } from "../../proto/gen/carillon/ingestion/v1/event_pb.js";
import type { StoredEvent } from "./event.ts";

/** An event as operators read it. */
export function eventMessage(event: StoredEvent): MessageInitShape<typeof EventSchema> {
  return {
    fingerprint: event.fingerprint,
    appUserId: event.appUserId,
    sentAppUserId: event.sentAppUserId,
    eventName: event.eventName,
    ...(event.eventTime !== "" && { eventTime: timestampOfText(event.eventTime) }),
    effectiveTime: timestampOfMs(event.effectiveMs),
    receivedTime: timestampOfMs(event.receivedMs),
    deviceToken: event.deviceToken,
    platform: event.platform,
    pushPermissionGranted: event.pushPermissionGranted,
    timezone: event.timezone,
    language: event.language,
    country: event.country,
    sessionId: event.sessionId,
    params: JSON.parse(event.paramsJson) as JsonObject,
    context: JSON.parse(event.contextJson) as JsonObject,
    flags: flagsOf(event),
    surface: event.surface,
    deviceTokenHash: event.role === "hash" ? event.deviceKey : "",
    ip: event.ip,
    userAgent: event.userAgent,
    attributedBy: event.attributedBy,
  };
}

function flagsOf({ late, skewedFuture }: StoredEvent): string[] {
  return [...(late ? ["late"] : []), ...(skewedFuture ? ["skewed_future"] : [])];
}

/** @param ms whole milliseconds since 1970, which may lie before */
export function timestampOfMs(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1_000);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (ms - seconds * 1_000) * 1_000_000 });
}

/** @param text normalized as in a fingerprint: UTC, up to nine digits of fraction */
function timestampOfText(text: string): Timestamp {
  const [time = "", fraction = ""] = text.replace("Z", "").split(".");
  return create(TimestampSchema, {
    seconds: BigInt(Date.parse(`${time}Z`) / 1_000),
    nanos: Number(fraction.padEnd(9, "0")),
  });
}

/** The first whole millisecond at or after a time: what has whole milliseconds compares to it as to the time itself. */
export function msAtOrAfter({ seconds, nanos }: Timestamp): number {
  return Number(seconds) * 1_000 + Math.ceil(nanos / 1_000_000);
}
