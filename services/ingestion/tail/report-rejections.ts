import { create } from "@bufbuild/protobuf";
import {
  type ReportRejectionsRequest,
  ReportRejectionsResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { appKey } from "../../runtime/app-key.ts";
import { rejectedArrival } from "./arrival.ts";
import type { TailHub } from "./tail-hub.ts";

/** `IngestionService.ReportRejections`: hands what a gateway rejected to who tails it here, and says whether anybody does. */
export function reportRejections(hub: TailHub) {
  return ({ rejections, unreported }: ReportRejectionsRequest) => {
    for (const { count, ...app } of unreported) hub.publishDropped(appKey(app), count);
    const tailed = rejections.map((rejected) => {
      const isTailed = hub.isTailed(appKey(rejected));
      if (isTailed) hub.publish(rejectedArrival(rejected));
      return isTailed;
    });
    return create(ReportRejectionsResponseSchema, { tailed });
  };
}
