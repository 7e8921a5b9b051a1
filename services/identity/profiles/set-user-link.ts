import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type {
  RelinkDeviceRequest,
  UnlinkDeviceRequest,
} from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { deviceKeyOf } from "../../runtime/device-key.ts";
import { finishesInTime } from "../../runtime/effects-wait.ts";
import { invalidArgument, notFound, received, requireApp } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { isAnonymousId } from "./profile-messages.ts";

/**
 * `ProfileService.UnlinkDevice` and `RelinkDevice`: in force once the device has it; what it moves has moved by the time
 * of the answer, or follows by itself.
 */
export function setUserLink(context: IdentityContext, linked: boolean) {
  return async (request: UnlinkDeviceRequest | RelinkDeviceRequest, { signal }: Pick<HandlerContext, "signal">) => {
    requireApp(request);
    const { tenantId, appId, deviceToken, appUserId } = request;
    if (deviceToken === "") throw invalidArgument("deviceToken is required");
    if (appUserId === "") throw invalidArgument("appUserId is required");
    if (isAnonymousId(appUserId)) throw invalidArgument(`appUserId ${received(appUserId)} names no identified user`);
    const device = { tenantId, appId, deviceKey: deviceKeyOf(deviceToken) };
    try {
      await context.deviceRegistry.setUserLink({ ...device, appUserId, linked }, { signal });
    } catch (error) {
      if (ConnectError.from(error).code !== Code.NotFound) throw error;
      throw notFound(`no event has made a device with the token ${received(deviceToken)} known`);
    }
    // What is not settled in time is due, and ingestion's sweeper sees to it.
    await finishesInTime(context, context.ingestion.settleDevice(device));
    return {};
  };
}
