import { create } from "@bufbuild/protobuf";
import {
  type ListPushStatesRequest,
  type ListPushStatesResponse,
  ListPushStatesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { TrackingContext } from "./context.ts";
import type { PushProgress } from "./held-reports.ts";
import { impliedProgress, outstandingSince } from "./push.ts";
import { parsePushKey, pushKey } from "./push-key.ts";
import { requireTrackingToken } from "./registration.ts";
import type { FiledEntry } from "./store.ts";

const MAX_LIMIT = 1_000;

/** `TrackingService.ListPushStates`: what is stored, whether or not the queries of operators find it. */
export function listPushStates({ pushes }: TrackingContext) {
  return async (request: ListPushStatesRequest): Promise<ListPushStatesResponse> => {
    const { limit, afterTrackingToken: afterToken, trackingTokens } = request;
    const app = appKey(request);
    if (limit < 1 || limit > MAX_LIMIT) throw invalidArgument(`limit ${limit} is not 1 to ${MAX_LIMIT}`);
    const named = trackingTokens.map((token, i) => pushKey(app, requireTrackingToken(token, `trackingTokens[${i}]`)));
    const keys = named.length > 0 ? named.slice(0, limit) : await pushes.keys({ app, afterToken, limit });
    const found = new Map((await pushes.filed(keys)).map((filed) => [filed.key, filed]));
    const states = keys.flatMap((key) => found.get(key) ?? []).map(pushState);
    return create(ListPushStatesResponseSchema, { pushes: states });
  };
}

function pushState({ key, entry, filedAs, shouldBeFiledAs }: FiledEntry) {
  const state = { trackingToken: parsePushKey(key).trackingToken, filedAs, shouldBeFiledAs };
  if (entry.kind === "held") return state;
  const { deviceToken, invalidTokenMs } = entry;
  const outstandingSinceMs = outstandingSince(entry);
  return {
    ...state,
    deviceToken,
    progress: progressMessage(entry),
    impliedProgress: progressMessage(impliedProgress(entry)),
    ...(invalidTokenMs !== undefined && { invalidTokenMs }),
    ...(outstandingSinceMs !== undefined && { outstandingSinceMs }),
  };
}

function progressMessage({ deliveredMs, openedMs }: PushProgress) {
  return { ...(deliveredMs !== undefined && { deliveredMs }), ...(openedMs !== undefined && { openedMs }) };
}
