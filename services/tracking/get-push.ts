import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type GetPushRequest,
  type GetPushResponse,
  GetPushResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import type { TrackingContext } from "./context.ts";
import { pushKey } from "./push-key.ts";
import { pushMessage } from "./push-message.ts";
import { requireTrackingToken } from "./registration.ts";

/**
 * `PushService.GetPush`.
 *
 * @throws ConnectError NOT_FOUND if the app has registered none, whatever was reported of it
 */
export function getPush(context: TrackingContext) {
  return async (request: GetPushRequest): Promise<GetPushResponse> => {
    const token = requireTrackingToken(request.trackingToken, "trackingToken");
    const key = pushKey(appKey(request), token);
    const entry = (await context.pushes.load([key])).get(key)?.value;
    if (entry?.kind !== "registered")
      throw new ConnectError(`there is no push with trackingToken "${token}"`, Code.NotFound);
    return create(GetPushResponseSchema, { push: pushMessage(token, entry) });
  };
}
