import canonicalize from "canonicalize";
import { sha256Hex } from "../../services/runtime/sha256.ts";

/** What tells one device event from another: semantics.md, Event. */
export interface DeviceEventIdentity {
  readonly tenantId: string;
  readonly appId: string;
  /** Empty for an anonymous event. */
  readonly sentAppUserId: string;
  readonly eventName: string;
  /** Normalized, as `readEventTime` gives it. */
  readonly eventTime: string;
  readonly deviceToken: string;
  /** Empty where the sender gave none. */
  readonly params: object;
  readonly context: object;
}

/** What tells one server event (PushEngage, Appizer) from another: semantics.md, Event. */
export interface ServerEventIdentity {
  readonly tenantId: string;
  readonly appId: string;
  readonly surface: string;
  /** The sender's `Idempotency-Key`, or a random UUID where none was sent. */
  readonly idempotencyKey: string;
  /** The body as it was read. */
  readonly body: object;
}

/** What only the ids of anonymous profiles begin with (semantics, Attribution and profiles). */
export const ANONYMOUS_PREFIX = "anon:";

/** The user id of events that a device sends before anybody signed in. */
export function anonymousUserId(deviceToken: string): string {
  return `${ANONYMOUS_PREFIX}${deviceToken}`;
}

/**
 * Fingerprint of a device event: lower-case hex SHA-256 of its RFC 8785 serialization.
 * Throws where a string is not Unicode or a number not finite; strictly read JSON has neither.
 */
export function deviceEventFingerprint(event: DeviceEventIdentity): string {
  return sha256OfCanonical({
    app_id: event.appId,
    app_user_id: event.sentAppUserId === "" ? anonymousUserId(event.deviceToken) : event.sentAppUserId,
    context: event.context,
    device_token: event.deviceToken,
    event_name: event.eventName,
    event_time: event.eventTime,
    params: event.params,
    tenant_id: event.tenantId,
  });
}

/** Fingerprint of a server event, made and failing as `deviceEventFingerprint` is. */
export function serverEventFingerprint(event: ServerEventIdentity): string {
  return sha256OfCanonical({
    app_id: event.appId,
    body: event.body,
    idempotency_key: event.idempotencyKey,
    surface: event.surface,
    tenant_id: event.tenantId,
  });
}

/** Lower-case hex SHA-256 of the RFC 8785 serialization; throws as `deviceEventFingerprint` does. */
export function sha256OfCanonical(value: object): string {
  return sha256Hex(canonicalize(value) as string);
}
