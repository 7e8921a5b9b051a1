import { create } from "@bufbuild/protobuf";
import {
  type DeliveryReport,
  type ReportDeliveriesRequest,
  type ReportDeliveriesResponse,
  ReportDeliveriesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import { applyReports, type ReportedPush } from "./apply-reports.ts";
import type { TrackingContext } from "./context.ts";
import type { PushReport } from "./held-reports.ts";
import { finishInTime } from "./outstanding.ts";
import { pushKey } from "./push-key.ts";
import { checkCount, parseTime, requireTrackingToken } from "./registration.ts";

const MAX_REPORTS = 1_000;

/**
 * `PushService.ReportDeliveries`: takes note of deliveries and refused device tokens, also of pushes that are not
 * registered yet.
 *
 * @throws ConnectError INVALID_ARGUMENT naming the field
 */
export function reportDeliveries(context: TrackingContext) {
  return async (request: ReportDeliveriesRequest): Promise<ReportDeliveriesResponse> => {
    checkCount(request.reports, { name: "reports", max: MAX_REPORTS });
    const app = appKey(request);
    const receivedMs = context.clock.now();
    const reports = request.reports.map((report, i): ReportedPush => {
      const trackingToken = requireTrackingToken(report.trackingToken, `reports[${i}].trackingToken`);
      return { key: pushKey(app, trackingToken), report: parseReport(report, { path: `reports[${i}]`, receivedMs }) };
    });
    await finishInTime(context, app, await applyReports(context, reports));
    return create(ReportDeliveriesResponseSchema);
  };
}

function parseReport(
  { deliveredTime, invalidToken }: DeliveryReport,
  { path, receivedMs }: { readonly path: string; readonly receivedMs: number },
): PushReport {
  if (!invalidToken) {
    return {
      receivedMs,
      deliveredMs: deliveredTime === undefined ? receivedMs : parseTime(deliveredTime, `${path}.deliveredTime`),
    };
  }
  if (deliveredTime !== undefined)
    throw invalidArgument(`${path} has a deliveredTime and an invalidToken; a refused push is not delivered`);
  return { receivedMs, invalidToken };
}
