import { create } from "@bufbuild/protobuf";
import {
  type PushReport,
  type ReportPushesRequest,
  type ReportPushesResponse,
  ReportPushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { applyReports, type ReportedPush } from "./apply-reports.ts";
import type { TrackingContext } from "./context.ts";
import { externalPushToken } from "./external-push.ts";
import { pushKey } from "./push-key.ts";
import { checkCount, requireTrackingToken } from "./registration.ts";

const MAX_REPORTS = 256;

/**
 * `TrackingService.ReportPushes`: takes note of opens and deliveries, also of pushes that are not registered yet. Those
 * of an external sender enter the ledger with their first report.
 */
export function reportPushes(context: TrackingContext) {
  return async (request: ReportPushesRequest): Promise<ReportPushesResponse> => {
    checkCount(request.reports, { name: "reports", max: MAX_REPORTS });
    await applyReports(
      context,
      request.reports.map((report, i) => reportedPush(report, `reports[${i}]`)),
    );
    return create(ReportPushesResponseSchema);
  };
}

function reportedPush(message: PushReport, path: string): ReportedPush {
  const { trackingToken, externalPush: external, deliveredMs, openedMs, receivedTimeMs } = message;
  const app = appKey(message);
  const report = { receivedMs: receivedTimeMs, deliveredMs, openedMs };
  if (external !== undefined) return { key: pushKey(app, externalPushToken(app, external)), report, external };
  return { key: pushKey(app, requireTrackingToken(trackingToken, `${path}.trackingToken`)), report };
}
