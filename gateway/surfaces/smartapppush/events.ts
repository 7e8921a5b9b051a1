import { EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { readJsonBody } from "../../http/request-body.ts";
import type { Answer } from "../answer.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { authenticate } from "./credentials.ts";
import { rejectFields } from "./errors.ts";
import { EVENT_FIELDS, parseEvent } from "./event-body.ts";
import { incomingEvent } from "./incoming-event.ts";
import { rejectionAnswer, successAnswer } from "./rejection-answer.ts";

const PATH = "/events";

/** `POST /events`: one device event (http.md, SmartAppPush). */
export function eventsEndpoint(context: SurfaceContext): Endpoint {
  const authentication = { endpoint: PATH, fields: EVENT_FIELDS, context } as const;

  async function handle(request: SurfaceRequest): Promise<Answer> {
    const reading = await readJsonBody(request);
    const sent = await authenticate(parseEvent(reading), authentication);
    if (!sent.ok) {
      if (sent.app !== null && reading.ok) {
        const { event_name: eventName, app_user_id: appUserId, device_token: deviceToken } = reading.body;
        const { receivedMs } = request;
        const { errors } = sent.rejection;
        const fields = { eventName, appUserId, deviceToken };
        const { tenantId, appId } = sent.app;
        context.rejections.report({ tenantId, appId, ...fields, surface: "smartapppush", receivedMs, errors });
      }
      return rejectionAnswer(sent.rejection);
    }
    const event = incomingEvent(sent.value, { appId: sent.app.appId, receivedMs: request.receivedMs });
    const { outcome } = await context.events.submit(event, request.deadlineMs);
    if (outcome === EventVerdict_Outcome.IDEMPOTENCY_CONFLICT) return conflictAnswer();
    const verdict = outcome === EventVerdict_Outcome.DUPLICATE ? "duplicate" : "stored";
    return successAnswer({ fingerprint: event.fingerprint }, verdict);
  }

  return { path: PATH, audience: "client", queueAgeMs: context.events.queueAgeMs, handle };
}

/** Events with a time of their own have no idempotency key, so this would be ingestion's error. */
function conflictAnswer(): Answer {
  const message = "another event with the same idempotency key is stored; send a new key";
  return rejectionAnswer(rejectFields([{ field: "body", code: "idempotency_conflict", message }], PATH));
}
