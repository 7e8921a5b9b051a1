import { create } from "@bufbuild/protobuf";
import {
  type ListPushesBeforeRequest,
  type ListPushesBeforeResponse,
  ListPushesBeforeResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { TrackingContext } from "./context.ts";
import { parsePushKey, type TrackingToken } from "./push-key.ts";
import { requireTrackingToken } from "./registration.ts";

const MAX_LIMIT = 1_000;
/** Smaller than every token: nothing that was sent at the very time follows it. */
const NO_TOKEN = "" as TrackingToken;

/** `TrackingService.ListPushesBefore`: registered pushes sent before a time, latest first. */
export function listPushesBefore(context: TrackingContext) {
  return async (request: ListPushesBeforeRequest): Promise<ListPushesBeforeResponse> => {
    const { sentBeforeMs: sentMs, trackingTokenBefore: before, limit } = request;
    if (limit < 1 || limit > MAX_LIMIT) throw invalidArgument(`limit ${limit} is not 1 to ${MAX_LIMIT}`);
    const trackingToken = before === "" ? NO_TOKEN : requireTrackingToken(before, "trackingTokenBefore");
    const found = await context.pushes.list({ app: appKey(request), after: { sentMs, trackingToken }, limit });
    return create(ListPushesBeforeResponseSchema, {
      pushes: found.map(({ key, push }) => ({
        trackingToken: parsePushKey(key).trackingToken,
        sentTimeMs: push.sentMs,
        attributedBy: push.attributedBy,
      })),
    });
  };
}
