import type { PreviewEventResponse } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { BodyFault } from "../../body/body-fault.ts";
import { readJsonBody } from "../../http/request-body.ts";
import type { Answer } from "../answer.ts";
import { callWithin } from "../call-within.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { authenticate } from "./credentials.ts";
import { bodyError, type FieldError, inFieldOrder } from "./errors.ts";
import { EVENT_FIELDS, parseEvent } from "./event-body.ts";
import { incomingEvent } from "./incoming-event.ts";
import { successAnswer } from "./rejection-answer.ts";
import { bodyWarnings, previewWarnings, signatureWarnings, timeText, type Warning } from "./validate-warnings.ts";

export const VALIDATE_PATH = "/events/validate";

/**
 * `POST /events/validate`: what `POST /events` would say of a body and what the event would do; nothing is stored
 * (http.md, SmartAppPush). A wrong body is told with 200, an unknown key too: the question was answered.
 */
export function validateEndpoint(context: SurfaceContext): Endpoint {
  const authentication = { endpoint: VALIDATE_PATH, fields: EVENT_FIELDS, context } as const;

  async function handle(request: SurfaceRequest): Promise<Answer> {
    const reading = await readJsonBody(request);
    const sent = await authenticate(parseEvent(reading), authentication);
    const warnings = reading.ok ? bodyWarnings(reading.body) : [];
    if (!sent.ok) return invalidAnswer(sent.rejection.errors, warnings);
    const event = incomingEvent(sent.value, { appId: sent.app.appId, receivedMs: request.receivedMs });
    const preview = await callWithin(context.clock, request.deadlineMs, (options) =>
      context.ingestion.previewEvent({ event }, options),
    );
    const found = [...warnings, ...signatureWarnings(sent.value, sent.app), ...previewWarnings(sent.value, preview)];
    const all = inFieldOrder(found, EVENT_FIELDS);
    const { fingerprint } = event;
    return successAnswer({ valid: true, errors: [], warnings: all, fingerprint, would: wouldDo(preview) }, "valid");
  }

  return {
    path: VALIDATE_PATH,
    audience: "client",
    // One budget: asking first is as good as sending.
    rateLimitName: "/events",
    queueAgeMs: context.events.queueAgeMs,
    handle,
  };
}

/** The answer for a body that could not even be received, which for this endpoint is a verdict as well. */
export function unreadableAnswer(fault: BodyFault): Answer {
  return invalidAnswer([bodyError(fault)], []);
}

function invalidAnswer(errors: readonly FieldError[], warnings: readonly Warning[]): Answer {
  const ordered = inFieldOrder(warnings, EVENT_FIELDS);
  return successAnswer({ valid: false, errors, warnings: ordered, fingerprint: null, would: null }, "invalid");
}

/** What the event would do, in the words of this surface: null stands for nobody. */
function wouldDo(preview: PreviewEventResponse): object {
  return {
    duplicate: preview.duplicate,
    skewed_future: preview.skewedFuture,
    late: preview.late,
    effective_time: timeText(preview.effectiveTimeMs),
    new_device: preview.newDevice,
    new_owner: preview.ownerBefore !== preview.ownerAfter,
    owner_app_user_id: { before: nullIfEmpty(preview.ownerBefore), after: nullIfEmpty(preview.ownerAfter) },
    attributed_to: nullIfEmpty(preview.attributedTo),
    takes_anonymous_events: preview.takesAnonymousEvents,
    new_event_name: preview.newEventName,
    similar_event_name: nullIfEmpty(preview.similarEventName),
  };
}

function nullIfEmpty(text: string): string | null {
  return text === "" ? null : text;
}
