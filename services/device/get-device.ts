import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type GetDeviceRequest,
  type GetDeviceResponse,
  GetDeviceResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import type { DeviceContext } from "./context.ts";
import { deviceMessage } from "./device-message.ts";
import { locate } from "./locate.ts";
import { documentKey } from "./store.ts";

/** `DeviceService.GetDevice`: a device by any of its tokens. */
export function getDevice(context: DeviceContext) {
  return async (request: GetDeviceRequest): Promise<GetDeviceResponse> => {
    const key = documentKey(appKey(request), deviceKeyOf(request.deviceToken));
    const device = (await locate(context, [key], context.store.load)).get(key)?.device;
    if (!device?.known) throw new ConnectError("no event has made a device with this token known", Code.NotFound);
    return create(GetDeviceResponseSchema, { device: deviceMessage(device) });
  };
}
