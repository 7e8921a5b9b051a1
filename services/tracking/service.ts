import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { TrackingService } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { type HostedService, hostedService } from "../runtime/hosted-service.ts";
import { attributePushes } from "./attribute-pushes.ts";
import type { TrackingContext } from "./context.ts";
import { countPushesAttributedBy } from "./count-pushes-attributed-by.ts";
import { erasePushes } from "./erase-pushes.ts";
import { getPush } from "./get-push.ts";
import { getPushStats } from "./get-push-stats.ts";
import { listFloatingDeviceKeys } from "./list-floating-device-keys.ts";
import { listFloatingPushes } from "./list-floating-pushes.ts";
import { listPushStates } from "./list-push-states.ts";
import { listPushes } from "./list-pushes.ts";
import { listPushesBefore } from "./list-pushes-before.ts";
import { markPushesSettled } from "./mark-pushes-settled.ts";
import { registerPushes } from "./register-pushes.ts";
import { removePushes } from "./remove-pushes.ts";
import { repairPush } from "./repair-push.ts";
import { reportDeliveries } from "./report-deliveries.ts";
import { reportPushes } from "./report-pushes.ts";

/** The handlers of the tracking service; `createMaintenance` is the work that goes on beside them. */
export function createTrackingServices(context: TrackingContext): HostedService[] {
  return [
    hostedService(TrackingService, {
      reportPushes: reportPushes(context),
      listFloatingPushes: listFloatingPushes(context),
      listFloatingDeviceKeys: listFloatingDeviceKeys(context),
      attributePushes: attributePushes(context),
      markPushesSettled: markPushesSettled(context),
      countPushesAttributedBy: countPushesAttributedBy(context),
      erasePushes: erasePushes(context),
      listPushStates: listPushStates(context),
      repairPush: repairPush(context),
      listPushesBefore: listPushesBefore(context),
      removePushes: removePushes(context),
    }),
    hostedService(PushService, {
      registerPushes: registerPushes(context),
      getPush: getPush(context),
      listPushes: listPushes(context),
      reportDeliveries: reportDeliveries(context),
      getPushStats: getPushStats(context),
    }),
  ];
}
