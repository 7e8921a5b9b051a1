import { create } from "@bufbuild/protobuf";
import {
  type EndUserUnlinksRequest,
  type EndUserUnlinksResponse,
  EndUserUnlinksResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeDevices } from "./change-devices.ts";
import type { DeviceContext } from "./context.ts";
import { withLink } from "./device.ts";
import { documentKey, unlinkedUsers } from "./store.ts";

/** Devices read at once. */
const PAGE = 500;

/** `DeviceRegistryService.EndUserUnlinks`: reads all devices of the app that somebody is unlinked from. */
export function endUserUnlinks(context: DeviceContext) {
  return async (request: EndUserUnlinksRequest): Promise<EndUserUnlinksResponse> => {
    const { appUserId } = request;
    const keyPrefix = documentKey(appKey(request), "");
    let afterKey = keyPrefix;
    for (let more = true; more; ) {
      const where = { field: "unlinking", equals: 1 };
      const page = await context.store.page({ keyPrefix, afterKey, where, limit: PAGE });
      const concerned = page.filter(({ value }) => unlinkedUsers(value).includes(appUserId));
      const nowMs = context.clock.now();
      await changeDevices(context, concerned, (device) => withLink(device, { appUserId, linked: true, nowMs }));
      more = page.length === PAGE;
      afterKey = page.at(-1)?.key ?? afterKey;
    }
    return create(EndUserUnlinksResponseSchema);
  };
}
