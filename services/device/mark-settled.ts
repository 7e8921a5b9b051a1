import { create } from "@bufbuild/protobuf";
import {
  type MarkSettledRequest,
  type MarkSettledResponse,
  MarkSettledResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeDevices } from "./change-devices.ts";
import type { DeviceContext } from "./context.ts";
import { settled } from "./device.ts";
import { attributionScope } from "./scope.ts";
import { documentKey } from "./store.ts";

/** `DeviceRegistryService.MarkSettled`: clears the due range unless it has been widened since, and answers what is due. */
export function markSettled(context: DeviceContext) {
  return async (request: MarkSettledRequest): Promise<MarkSettledResponse> => {
    const key = documentKey(appKey(request), request.deviceKey);
    const [changed] = await changeDevices(context, [{ key }], (device) => settled(device, Number(request.dueVersion)));
    return create(MarkSettledResponseSchema, changed && { scope: attributionScope(changed) });
  };
}
