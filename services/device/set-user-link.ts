import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type SetUserLinkRequest,
  type SetUserLinkResponse,
  SetUserLinkResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeDevices } from "./change-devices.ts";
import type { DeviceContext } from "./context.ts";
import { withLink } from "./device.ts";
import { documentKey } from "./store.ts";

/** `DeviceRegistryService.SetUserLink`: unlinks a user from a device, or relinks them. */
export function setUserLink(context: DeviceContext) {
  return async (request: SetUserLinkRequest): Promise<SetUserLinkResponse> => {
    const { appUserId, linked } = request;
    const link = { appUserId, linked, nowMs: context.clock.now() };
    const key = documentKey(appKey(request), request.deviceKey);
    const [changed] = await changeDevices(context, [{ key }], (device) =>
      device.known ? withLink(device, link) : device,
    );
    if (!changed?.device.known) throw new ConnectError("no event has made this device known", Code.NotFound);
    return create(SetUserLinkResponseSchema);
  };
}
