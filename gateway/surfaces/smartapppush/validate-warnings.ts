import type { PreviewEventResponse } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { excerpt, shown } from "../../body/text.ts";
import type { Credential } from "../../credentials/credential-store.ts";
import { verifyUserSignature } from "../../credentials/user-signature.ts";
import { EVENT_FIELDS, type ParsedEvent } from "./event-body.ts";
import { tokenLook } from "./token-look.ts";
import { suggestField } from "./unknown-field.ts";

/** Everything that `/events/validate` warns of: an event that is accepted, but may not do what its sender expects. */
export const WARNING_CODES = [
  "unknown_field",
  "close_event_name",
  "usual_params_missing",
  "skewed_future",
  "late",
  "owner_change",
  "user_signature_not_valid",
  "push_permission_absent",
  "push_permission_denied",
  "device_token_suspicious",
] as const;

export interface Warning {
  /** A top-level field. */
  readonly field: string;
  readonly code: (typeof WARNING_CODES)[number];
  readonly message: string;
}

/** How many unknown fields are told: a body of 64 KB could name thousands. */
const MAX_UNKNOWN_FIELDS = 16;

/** What can be said of a body that was read, whether it is valid or not. */
export function bodyWarnings(body: Readonly<Record<string, unknown>>): Warning[] {
  const warnings = unknownFieldWarnings(body);
  const permission = body.push_permission_granted;
  if (permission === undefined || permission === null) {
    const message = `push_permission_granted is ${permission === null ? "null" : "absent"}, which means false: the device will not receive pushes`;
    warnings.push({ field: "push_permission_granted", code: "push_permission_absent", message });
  } else if (permission === false) {
    const message = "push_permission_granted is false: the device will not receive pushes";
    warnings.push({ field: "push_permission_granted", code: "push_permission_denied", message });
  }
  const look = tokenLook(body);
  if (look !== null) {
    const message = `device_token ${shown(body.device_token)} ${look}`;
    warnings.push({ field: "device_token", code: "device_token_suspicious", message });
  }
  return warnings;
}

/** What a valid event would do that its sender may not expect. */
export function previewWarnings(event: ParsedEvent, preview: PreviewEventResponse): Warning[] {
  return [...nameWarnings(event, preview), ...timeWarnings(preview), ...ownerWarnings(event, preview)];
}

/** What a valid event lacks for the day on which its app requires signatures. */
export function signatureWarnings({ namedUser }: ParsedEvent, { userSignatures }: Credential): Warning[] {
  if (namedUser === undefined || userSignatures === undefined) return [];
  const verdict = verifyUserSignature(namedUser, userSignatures.secrets);
  if (verdict === "valid") return [];
  const message = `user_signature is ${verdict}; the event would be refused if the app required signatures`;
  return [{ field: "user_signature", code: "user_signature_not_valid", message }];
}

function unknownFieldWarnings(body: Readonly<Record<string, unknown>>): Warning[] {
  const unknown = Object.keys(body).filter((field) => !EVENT_FIELDS.includes(field));
  const missing = EVENT_FIELDS.filter((field) => !Object.hasOwn(body, field));
  return unknown.slice(0, MAX_UNKNOWN_FIELDS).map((field) => {
    const suggestion = suggestField(field, missing);
    const hint = suggestion === null ? "put what belongs to the event into params" : `did you mean ${suggestion}?`;
    const message = `${excerpt(field)} is not a field of an event and is ignored; ${hint}`;
    return { field: excerpt(field), code: "unknown_field", message };
  });
}

function nameWarnings({ eventName }: ParsedEvent, preview: PreviewEventResponse): Warning[] {
  const { similarEventName, newEventName, missingUsualParameters: missing } = preview;
  const warnings: Warning[] = [];
  if (similarEventName !== "") {
    const what = newEventName ? "is a new name" : "is a custom name";
    const message = `event_name ${shown(eventName)} ${what}; did you mean ${shown(similarEventName)}?`;
    warnings.push({ field: "event_name", code: "close_event_name", message });
  }
  if (missing.length > 0) {
    const message = `params lacks ${missing.join(", ")}, which ${eventName} usually carries`;
    warnings.push({ field: "params", code: "usual_params_missing", message });
  }
  return warnings;
}

function timeWarnings({ duplicate, skewedFuture, late, effectiveTimeMs }: PreviewEventResponse): Warning[] {
  // What is stored already is not sent in time or out of it any more.
  if (duplicate) return [];
  if (skewedFuture) {
    const message = `event_time is more than 1 h in the future; the event would count at its receipt, ${timeText(effectiveTimeMs)}`;
    return [{ field: "event_time", code: "skewed_future", message }];
  }
  if (!late) return [];
  const message =
    "event_time is more than 30 days ago; the event would be stored, without effect on profiles, devices or other events";
  return [{ field: "event_time", code: "late", message }];
}

function ownerWarnings(event: ParsedEvent, { ownerBefore, ownerAfter }: PreviewEventResponse): Warning[] {
  if (ownerBefore === "" || ownerBefore === ownerAfter || event.eventName === "logged_out") return [];
  const then = ownerAfter === "" ? "nobody, because the event names no app_user_id" : shown(ownerAfter);
  const message = `the device would pass from ${shown(ownerBefore)} to ${then}; pushes for ${shown(ownerBefore)} would no longer reach it`;
  return [{ field: "app_user_id", code: "owner_change", message }];
}

/** RFC 3339 in UTC with milliseconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
