import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Push, PushSchema } from "../../proto/gen/carillon/tracking/v1/push_pb.js";
import { pushState, type RegisteredPush } from "./push.ts";
import type { TrackingToken } from "./push-key.ts";

/** A push as an operator reads it. */
export function pushMessage(trackingToken: TrackingToken, push: RegisteredPush): Push {
  const { appUserId, deviceToken, sentMs, deliveredMs, openedMs, senderIds } = push;
  return create(PushSchema, {
    trackingToken,
    appUserId,
    deviceToken,
    sentTime: timestampFromMs(sentMs),
    ...(deliveredMs === undefined ? {} : { deliveredTime: timestampFromMs(deliveredMs) }),
    ...(openedMs === undefined ? {} : { openedTime: timestampFromMs(openedMs) }),
    state: pushState(push),
    senderIds: Object.fromEntries(senderIds.map(({ name, value }) => [name, value])),
  });
}
