import { create } from "@bufbuild/protobuf";
import {
  type CountPushesAttributedByRequest,
  type CountPushesAttributedByResponse,
  CountPushesAttributedByResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import type { TrackingContext } from "./context.ts";
import { checkCount } from "./registration.ts";

const MAX_FINGERPRINTS = 1_000;

/** `TrackingService.CountPushesAttributedBy`: how many pushes each identified event took. */
export function countPushesAttributedBy(context: TrackingContext) {
  return async (request: CountPushesAttributedByRequest): Promise<CountPushesAttributedByResponse> => {
    checkCount(request.fingerprints, { name: "fingerprints", max: MAX_FINGERPRINTS });
    const counts = await context.pushes.countAttributedBy(appKey(request), request.fingerprints);
    return create(CountPushesAttributedByResponseSchema, { counts: counts.map(BigInt) });
  };
}
