import { EventVerdict_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { readJsonBody } from "../../http/request-body.ts";
import { type Answer, JSON_TYPE } from "../answer.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import { incomingServerEvent } from "../server-event.ts";
import { countServerRequest, requireAllowed } from "../server-limit.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { idempotencyConflict, invalidData, noKey, type Problem, wrongKey } from "./errors.ts";
import { readEventBody } from "./event-body.ts";

const KEY_HEADER = "Idempotency-Key";
const SUCCESS = JSON.stringify({ error_code: 0, data: {} });

/** `POST /api/v1/events`: one event of a user, or of a device by its token's hash (http.md, PushEngage). */
export function eventsEndpoint(context: SurfaceContext): Endpoint {
  async function handle(request: SurfaceRequest): Promise<Answer> {
    const sentKey = request.headers["api-key"];
    if (typeof sentKey !== "string" || sentKey === "") return noKey();
    requireAllowed(context, await countServerRequest(context, sentKey));
    const key = await context.credentials.resolve(sentKey);
    if (key.outcome !== "active" || key.kind !== "server") return wrongKey();

    const { tenantId, appId } = key;
    const body = await readJsonBody(request);
    const reading = readEventBody(body);
    const idempotency = readIdempotencyKey(request.headers["idempotency-key"], KEY_HEADER);
    const problems: Problem[] = reading.ok ? [] : [...reading.problems];
    if (!idempotency.ok) problems.push({ message: idempotency.message, path: [KEY_HEADER] });
    if (!reading.ok || !idempotency.ok) {
      const { event_name: eventName, profile_id: appUserId } = body.ok ? body.body : {};
      const errors = problems.map(({ path, message }) => ({ field: path.join("."), code: "1003", message }));
      const { receivedMs } = request;
      context.rejections.report({ tenantId, appId, surface: "pushengage", receivedMs, eventName, appUserId, errors });
      return invalidData(problems);
    }

    const event = incomingServerEvent(
      { ...reading.event, idempotencyKey: idempotency.key, eventTime: null, ip: "", userAgent: "" },
      { surface: "pushengage", tenantId, appId, receivedMs: request.receivedMs },
    );
    const { outcome } = await context.events.submit(event, request.deadlineMs);
    if (outcome === EventVerdict_Outcome.IDEMPOTENCY_CONFLICT) return idempotencyConflict();
    const verdict = outcome === EventVerdict_Outcome.DUPLICATE ? "duplicate" : "stored";
    return { status: 200, contentType: JSON_TYPE, payload: SUCCESS, verdict, logLevel: "info" };
  }

  return { path: "/api/v1/events", audience: "server", queueAgeMs: context.events.queueAgeMs, handle };
}
