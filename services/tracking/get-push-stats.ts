import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type GetPushStatsRequest,
  type GetPushStatsResponse,
  GetPushStatsResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { TrackingContext } from "./context.ts";
import { parseTime } from "./registration.ts";

/**
 * `PushService.GetPushStats`: numbers of pushes by sent time, each including those that came further.
 *
 * @throws ConnectError INVALID_ARGUMENT naming the field
 */
export function getPushStats(context: TrackingContext) {
  return async (request: GetPushStatsRequest): Promise<GetPushStatsResponse> => {
    const { startTime, endTime, senderIdName, senderId } = request;
    if (senderIdName === "" && senderId !== "") throw invalidArgument("senderId needs a senderIdName beside it");
    const states = await context.pushes.countByState({
      app: appKey(request),
      // Sent times are whole milliseconds: those at or after a bound are those after the millisecond that it cuts.
      startMs: startTime === undefined ? undefined : ceilMs(startTime, "startTime"),
      endMs: endTime === undefined ? undefined : ceilMs(endTime, "endTime"),
      senderId: senderIdName === "" ? undefined : { name: senderIdName, value: senderId },
    });
    const delivered = states.delivered + states.opened;
    const sent = states.sent + delivered;
    return create(GetPushStatsResponseSchema, {
      sent,
      delivered,
      opened: states.opened,
      openRate: sent === 0 ? 0 : states.opened / sent,
    });
  };
}

function ceilMs(time: Timestamp, name: string): number {
  return parseTime(time, name) + (time.nanos % 1_000_000 === 0 ? 0 : 1);
}
