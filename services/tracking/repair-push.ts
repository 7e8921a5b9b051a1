import { create } from "@bufbuild/protobuf";
import {
  type RepairPushRequest,
  type RepairPushResponse,
  RepairPushResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeEntries } from "./change-entries.ts";
import type { TrackingContext } from "./context.ts";
import { finishOutstanding } from "./outstanding.ts";
import { impliedProgress, type LedgerEntry } from "./push.ts";
import { pushKey } from "./push-key.ts";
import { requireTrackingToken } from "./registration.ts";

/**
 * `TrackingService.RepairPush`: writes the push anew, which files it as it should be, and does what is outstanding for it.
 *
 * @throws whatever a store or a service answers; the call may be repeated
 */
export function repairPush(context: TrackingContext) {
  return async (request: RepairPushRequest): Promise<RepairPushResponse> => {
    const app = appKey(request);
    const key = pushKey(app, requireTrackingToken(request.trackingToken, "trackingToken"));
    const entries = await changeEntries(context, new Map([[key, (entry) => entry && writtenAnew(entry)]]));
    await finishOutstanding(context, app, entries);
    return create(RepairPushResponseSchema);
  };
}

/** Another object, so that it is written. */
function writtenAnew(entry: LedgerEntry): LedgerEntry {
  return entry.kind === "held" ? { ...entry } : { ...entry, ...impliedProgress(entry) };
}
