import { create } from "@bufbuild/protobuf";
import {
  type ListPushesRequest,
  type ListPushesResponse,
  ListPushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../runtime/paging.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { TrackingContext } from "./context.ts";
import { parsePushKey, parseTrackingToken } from "./push-key.ts";
import { pushMessage } from "./push-message.ts";
import type { PushPosition, StoredPush } from "./store.ts";

/**
 * `PushService.ListPushes`: latest sent first, of equal times the greater token first. A page token is the place of the
 * last push seen, so pushes that are registered meanwhile neither repeat nor hide others.
 *
 * @throws ConnectError INVALID_ARGUMENT for a page size or token that is none
 */
export function listPushes(context: TrackingContext) {
  return async (request: ListPushesRequest): Promise<ListPushesResponse> => {
    const { appUserId, deviceToken } = request;
    const app = appKey(request);
    const limit = parsePageSize(request.pageSize);
    const filters = [app, appUserId, deviceToken];
    const position = parsePageToken(request.pageToken, filters);
    // One more than asked for tells whether there is a next page.
    const found = await context.pushes.list({
      app,
      appUserId: appUserId || undefined,
      deviceToken: deviceToken || undefined,
      after: position === undefined ? undefined : parsePosition(position),
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    return create(ListPushesResponseSchema, {
      pushes: page.map(({ key, push }) => pushMessage(parsePushKey(key).trackingToken, push)),
      nextPageToken: found.length > limit ? pageTokenAfter(positionOf(page.at(-1)!), filters) : "",
    });
  };
}

function positionOf({ key, push }: StoredPush): string {
  return `${push.sentMs} ${parsePushKey(key).trackingToken}`;
}

function parsePosition(position: string): PushPosition {
  const [, time, uuid = ""] = /^(-?\d{1,15}) (\S+)$/.exec(position) ?? [];
  const trackingToken = parseTrackingToken(uuid);
  if (trackingToken === undefined) throw invalidArgument("pageToken is not one of this list");
  return { sentMs: Number(time), trackingToken };
}
