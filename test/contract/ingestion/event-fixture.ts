import { createHash } from "node:crypto";
import type { EventRole, NewEvent } from "../../../services/ingestion/event.ts";
import { appKey } from "../../../services/runtime/app-key.ts";

export const app = appKey({ tenantId: "tenant", appId: "app" });
export const otherApp = appKey({ tenantId: "tenant", appId: "app2" });

/** 2026-01-01T00:00:00Z in milliseconds. */
export const start = Date.UTC(2026, 0, 1);

/** The 64 characters that a test writes as a few. */
export function fingerprint(seed: string | number): string {
  return createHash("sha256").update(String(seed)).digest("hex");
}

export function deviceKey(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** What tells the events of a test apart. */
export interface EventSketch extends Partial<Omit<NewEvent, "fingerprint" | "deviceToken" | "deviceKey">> {
  /** Seed of the fingerprint. */
  readonly id: string | number;
  /** Token of the device that the event names. */
  readonly device?: string;
  /** User whom the sender names. */
  readonly user?: string;
}

/** An event whose role follows from whom it names, unless it is given. */
export function event({ id, device = "phone", user = "", ...given }: EventSketch): NewEvent {
  const role = given.role ?? (user === "" ? "anonymous" : "identified");
  const onDevice = role === "identified" || role === "anonymous";
  const effectiveMs = given.effectiveMs ?? start;
  return {
    app,
    late: false,
    skewedFuture: false,
    sentAppUserId: user,
    appUserId: role === "anonymous" ? `anon:${device}` : user,
    eventName: "product_viewed",
    eventTime: role === "user" ? "" : new Date(effectiveMs).toISOString(),
    receivedMs: effectiveMs,
    ...attributesOf(role, String(id)),
    sessionId: onDevice ? "session" : "",
    paramsJson: `{"id":${JSON.stringify(String(id))}}`,
    contextJson: "{}",
    surface: onDevice ? "smartapppush" : "pushengage",
    ip: "",
    userAgent: "",
    ...given,
    role,
    effectiveMs,
    fingerprint: fingerprint(id),
    deviceToken: onDevice ? device : "",
    deviceKey: role === "user" ? "" : deviceKey(device),
  };
}

function attributesOf(role: EventRole, id: string) {
  if (role === "hash" || role === "user") {
    return { platform: "", pushPermissionGranted: false, timezone: "", language: "", country: "" };
  }
  return { platform: "ios", pushPermissionGranted: true, timezone: `Zone/${id}`, language: "fi", country: "FI" };
}
