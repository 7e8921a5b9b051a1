import { create } from "@bufbuild/protobuf";
import {
  type ReportInvalidTokensRequest,
  type ReportInvalidTokensResponse,
  ReportInvalidTokensResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { changeDevices } from "./change-devices.ts";
import type { DeviceContext } from "./context.ts";
import { withInvalidReport } from "./device.ts";
import { documentKey } from "./store.ts";

/** `DeviceRegistryService.ReportInvalidTokens`: kept with the token's device, which need not be known yet. */
export function reportInvalidTokens(context: DeviceContext) {
  return async (request: ReportInvalidTokensRequest): Promise<ReportInvalidTokensResponse> => {
    const app = appKey(request);
    const items = request.tokens.map(({ deviceToken: token, receivedTimeMs: receivedMs }) => ({
      key: documentKey(app, deviceKeyOf(token)),
      report: { token, receivedMs },
    }));
    await changeDevices(context, items, (device, own) =>
      own.reduce((reported, { report }) => withInvalidReport(reported, report), device),
    );
    return create(ReportInvalidTokensResponseSchema);
  };
}
