import { create } from "@bufbuild/protobuf";
import {
  type ListFloatingDeviceKeysRequest,
  type ListFloatingDeviceKeysResponse,
  ListFloatingDeviceKeysResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { TrackingContext } from "./context.ts";

const MAX_LIMIT = 1_000;

/** `TrackingService.ListFloatingDeviceKeys`. */
export function listFloatingDeviceKeys(context: TrackingContext) {
  return async (request: ListFloatingDeviceKeysRequest): Promise<ListFloatingDeviceKeysResponse> => {
    const { afterDeviceKey: after, limit } = request;
    if (limit < 1 || limit > MAX_LIMIT) throw invalidArgument(`limit ${limit} is not 1 to ${MAX_LIMIT}`);
    const deviceKeys = await context.pushes.floatingDeviceKeys({ app: appKey(request), after, limit });
    return create(ListFloatingDeviceKeysResponseSchema, { deviceKeys });
  };
}
