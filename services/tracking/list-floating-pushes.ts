import { create } from "@bufbuild/protobuf";
import {
  type ListFloatingPushesRequest,
  type ListFloatingPushesResponse,
  ListFloatingPushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { TrackingContext } from "./context.ts";
import { anonymousOwnerToken } from "./push.ts";
import { parsePushKey } from "./push-key.ts";
import { requireTrackingToken } from "./registration.ts";
import type { PushPosition, StoredPush } from "./store.ts";

const MAX_LIMIT = 1_000;

/** `TrackingService.ListFloatingPushes`: pushes to the anonymous owner of a device, in order of their sent times. */
export function listFloatingPushes(context: TrackingContext) {
  return async (request: ListFloatingPushesRequest): Promise<ListFloatingPushesResponse> => {
    const { deviceKeys, fromMs, toMs, after, limit } = request;
    if (limit < 0 || limit > MAX_LIMIT) throw invalidArgument(`limit ${limit} is not 0 to ${MAX_LIMIT}`);
    const found = await context.pushes.floating({
      app: appKey(request),
      deviceKeys: [...new Set(deviceKeys)],
      fromMs,
      toMs,
      after: after === undefined ? undefined : position(after),
      limit: limit || MAX_LIMIT,
    });
    return create(ListFloatingPushesResponseSchema, { pushes: found.map(floatingPush) });
  };
}

function position(after: { readonly sentTimeMs: number; readonly trackingToken: string }): PushPosition {
  return { sentMs: after.sentTimeMs, trackingToken: requireTrackingToken(after.trackingToken, "after.trackingToken") };
}

function floatingPush({ key, push }: StoredPush) {
  const { sentMs, appUserId, attributedBy, attributionVersion, revision, attributionPending, priors } = push;
  const ownerToken = anonymousOwnerToken(push) ?? "";
  return {
    trackingToken: parsePushKey(key).trackingToken,
    deviceKey: deviceKeyOf(ownerToken),
    ownerToken,
    sentTimeMs: sentMs,
    attribution: { appUserId, attributedBy },
    attributionVersion: BigInt(attributionVersion),
    revision: BigInt(revision),
    pending: attributionPending,
    priors: priors.map(({ appUserId, attributedBy }) => ({ appUserId, attributedBy })),
  };
}
