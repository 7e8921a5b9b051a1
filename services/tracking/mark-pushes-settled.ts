import { create } from "@bufbuild/protobuf";
import {
  type MarkPushesSettledRequest,
  type MarkPushesSettledResponse,
  MarkPushesSettledResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeEntries, type EntryChange } from "./change-entries.ts";
import type { TrackingContext } from "./context.ts";
import { settle } from "./push.ts";
import { type PushKey, pushKey } from "./push-key.ts";
import { checkCount, requireTrackingToken } from "./registration.ts";

const MAX_PUSHES = 1_000;

/** `TrackingService.MarkPushesSettled`: nothing is outstanding any more from these revisions of attributions. */
export function markPushesSettled(context: TrackingContext) {
  return async (request: MarkPushesSettledRequest): Promise<MarkPushesSettledResponse> => {
    checkCount(request.pushes, { name: "pushes", max: MAX_PUSHES });
    const app = appKey(request);
    const changes = new Map<PushKey, EntryChange>();
    for (const [i, { trackingToken, revision }] of request.pushes.entries()) {
      const key = pushKey(app, requireTrackingToken(trackingToken, `pushes[${i}].trackingToken`));
      changes.set(key, (entry) => (entry?.kind === "registered" ? settle(entry, Number(revision)) : undefined));
    }
    await changeEntries(context, changes);
    return create(MarkPushesSettledResponseSchema);
  };
}
