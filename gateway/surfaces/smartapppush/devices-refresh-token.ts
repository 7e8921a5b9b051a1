import { RefreshTokenResponse_Outcome } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { readJsonBody } from "../../http/request-body.ts";
import type { Answer } from "../answer.ts";
import { callWithin } from "../call-within.ts";
import { overloadedFault } from "../fault.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { authenticate } from "./credentials.ts";
import { rejectFields, tokenConflict, unknownDevice } from "./errors.ts";
import { parseRefreshToken, REFRESH_TOKEN_FIELDS } from "./refresh-token-body.ts";
import { rejectionAnswer, successAnswer } from "./rejection-answer.ts";

const PATH = "/devices/refresh-token";

/** `POST /devices/refresh-token`: a device's push token was replaced (http.md, SmartAppPush). */
export function devicesRefreshTokenEndpoint(context: SurfaceContext): Endpoint {
  const authentication = { endpoint: PATH, fields: REFRESH_TOKEN_FIELDS, context } as const;

  async function handle(request: SurfaceRequest): Promise<Answer> {
    const sent = await authenticate(parseRefreshToken(await readJsonBody(request)), authentication);
    if (!sent.ok) return rejectionAnswer(sent.rejection);
    const { tenantId, oldToken, newToken, appUserId } = sent.value;
    const { appId } = sent.app;
    const message = { tenantId, appId, oldToken, newToken, appUserId, receivedTimeMs: request.receivedMs };
    const { outcome } = await callWithin(context.clock, request.deadlineMs, (options) =>
      context.ingestion.refreshToken(message, options),
    );
    switch (outcome) {
      case RefreshTokenResponse_Outcome.ACCEPTED:
        return successAnswer({ success: true }, "accepted");
      case RefreshTokenResponse_Outcome.UNKNOWN_DEVICE:
        return rejectionAnswer(rejectFields([unknownDevice()], PATH));
      case RefreshTokenResponse_Outcome.TOKEN_CONFLICT:
        return rejectionAnswer(rejectFields([tokenConflict()], PATH));
      default:
        // Nothing is known of the refresh, which may be repeated.
        throw overloadedFault(new Error(`ingestion answered outcome ${outcome}`));
    }
  }

  // A refresh waits for the effects of events that wait in the same queue.
  return { path: PATH, audience: "client", queueAgeMs: context.events.queueAgeMs, handle };
}
