import { create } from "@bufbuild/protobuf";
import {
  type RemovePushesRequest,
  type RemovePushesResponse,
  RemovePushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import type { TrackingContext } from "./context.ts";
import { isOutstanding } from "./push.ts";
import { pushKey } from "./push-key.ts";
import { checkCount, requireTrackingToken } from "./registration.ts";

const MAX_PUSHES = 1_000;

/**
 * `TrackingService.RemovePushes`: removes those that were sent before a time, have nothing outstanding and do not change
 * meanwhile; others stay for the next call.
 */
export function removePushes(context: TrackingContext) {
  return async (request: RemovePushesRequest): Promise<RemovePushesResponse> => {
    checkCount(request.trackingTokens, { name: "trackingTokens", max: MAX_PUSHES });
    const app = appKey(request);
    const keys = request.trackingTokens.map((token) => pushKey(app, requireTrackingToken(token, "trackingTokens")));
    const removals = [...(await context.pushes.load([...new Set(keys)]))].flatMap(([key, { version, value }]) => {
      const isOver = value.kind === "registered" && value.sentMs < request.sentBeforeMs && !isOutstanding(value);
      return isOver ? [{ key, version }] : [];
    });
    const removedCount = removals.length === 0 ? 0 : await context.pushes.remove(removals);
    return create(RemovePushesResponseSchema, { removedCount });
  };
}
