import { EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { readJsonBody } from "../../http/request-body.ts";
import type { Answer } from "../answer.ts";
import { bearerToken } from "../bearer-token.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import { incomingServerEvent } from "../server-event.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { IDEMPOTENCY_CONFLICT, invalidField, type Refusal, refuse, unreadableBody } from "./errors.ts";
import { firstFault, readEventFields } from "./event-fields.ts";
import { eventId, trackedAnswer } from "./event-id.ts";
import type { AppizerLimits } from "./rate-limit-headers.ts";
import { rejectionOf } from "./rejection-of.ts";

const KEY_HEADER = "Idempotency-Key";

type Authentication =
  | { readonly ok: true; readonly tenantId: string; readonly appId: string }
  | { readonly ok: false; readonly refusal: Refusal };

/** `POST /v1/events`: one event of a user, from a backend (http.md, Appizer). */
export function eventsEndpoint(context: SurfaceContext, limits: AppizerLimits): Endpoint {
  async function authenticate(request: SurfaceRequest): Promise<Authentication> {
    const token = bearerToken(request.headers.authorization);
    if (token === null) return { ok: false, refusal: MISSING_AUTH };
    await limits.count(token);
    const key = await context.credentials.resolve(token);
    if (key.outcome === "unknown") return { ok: false, refusal: INVALID_API_KEY };
    if (key.outcome === "revoked") return { ok: false, refusal: REVOKED_API_KEY };
    if (key.kind !== "server") return { ok: false, refusal: INSUFFICIENT_PERMISSIONS };
    return { ok: true, tenantId: key.tenantId, appId: key.appId };
  }

  async function track(request: SurfaceRequest): Promise<Answer> {
    const sender = await authenticate(request);
    if (!sender.ok) return refuse(sender.refusal);
    const reading = await readJsonBody(request);
    const reject = (refusal: Refusal): Answer => {
      const { tenantId, appId } = sender;
      const body = reading.ok ? reading.body : {};
      const receipt = { surface: "appizer", tenantId, appId, receivedMs: request.receivedMs };
      context.rejections.report(rejectionOf(refusal, { body, receipt }));
      return refuse(refusal);
    };
    if (!reading.ok) return reject(unreadableBody(reading.fault.message));
    const sent = firstFault(() => readEventFields(reading));
    if (!sent.ok) return reject(sent.refusal);
    const idempotency = readIdempotencyKey(request.headers["idempotency-key"], KEY_HEADER);
    if (!idempotency.ok)
      return reject({ ...invalidField(KEY_HEADER, idempotency.message), message: idempotency.message });

    const { eventName, userId, propertiesJson, ip, userAgent } = sent.value;
    const about = { appUserId: userId };
    const { body } = reading;
    const event = incomingServerEvent(
      {
        about,
        eventName,
        paramsJson: propertiesJson,
        body,
        idempotencyKey: idempotency.key,
        eventTime: null,
        ip,
        userAgent,
      },
      { surface: "appizer", tenantId: sender.tenantId, appId: sender.appId, receivedMs: request.receivedMs },
    );
    const { outcome } = await context.events.submit(event, request.deadlineMs);
    if (outcome === EventVerdict_Outcome.IDEMPOTENCY_CONFLICT) return refuse(IDEMPOTENCY_CONFLICT);
    return trackedAnswer(eventId(event), outcome);
  }

  return {
    path: "/v1/events",
    audience: "server",
    queueAgeMs: context.events.queueAgeMs,
    handle: async (request) => limits.told(request, await track(request)),
  };
}

const MISSING_AUTH: Refusal = {
  code: "MISSING_AUTH",
  message: 'Authorization is required; send "Authorization: Bearer" and the server key of the app',
};
const INVALID_API_KEY: Refusal = { code: "INVALID_API_KEY", message: "The API key is not known" };
const REVOKED_API_KEY: Refusal = { code: "REVOKED_API_KEY", message: "The API key has been revoked" };
const INSUFFICIENT_PERMISSIONS: Refusal = {
  code: "INSUFFICIENT_PERMISSIONS",
  message: "The API key is a public one; this endpoint needs a server key",
};
