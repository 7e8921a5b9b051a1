import { create } from "@bufbuild/protobuf";
import {
  type ListDevicesRequest,
  type ListDevicesResponse,
  ListDevicesResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../runtime/paging.ts";
import type { DocumentPageQuery } from "../storage/versioned-documents.ts";
import type { DeviceContext } from "./context.ts";
import { type Device, isDeliverable } from "./device.ts";
import { deviceMessage } from "./device-message.ts";
import { documentKey, parseDocumentKey } from "./store.ts";

/**
 * `DeviceService.ListDevices`: known devices in the order of their keys, which data that arrives does not change.
 *
 * @throws ConnectError INVALID_ARGUMENT for a page size or token that is none
 */
export function listDevices(context: DeviceContext) {
  return async (request: ListDevicesRequest): Promise<ListDevicesResponse> => {
    const size = parsePageSize(request.pageSize);
    const prefix = documentKey(appKey(request), "");
    const filters = [prefix, request.ownerAppUserId, String(request.deliverable)];
    let afterKey = prefix + (parsePageToken(request.pageToken, filters) ?? "");
    const found: { readonly key: string; readonly device: Device }[] = [];
    // One more than asked for tells whether there is a next page.
    for (let read = size + 1; found.length <= size && read === size + 1; ) {
      const page = await context.store.page({ keyPrefix: prefix, afterKey, ...indexed(request), limit: size + 1 });
      read = page.length;
      afterKey = page.at(-1)?.key ?? afterKey;
      for (const { key, value } of page)
        if (value.kind === "device" && matches(value.device, request)) found.push({ key, device: value.device });
    }
    const devices = found.slice(0, size);
    const last = found.length > size ? devices.at(-1) : undefined;
    return create(ListDevicesResponseSchema, {
      devices: devices.map(({ device }) => deviceMessage(device)),
      nextPageToken: last === undefined ? "" : pageTokenAfter(parseDocumentKey(last.key).deviceKey, filters),
    });
  };
}

/** A user owns few devices, so that the owner's index serves both filters. */
function indexed({ ownerAppUserId, deliverable }: ListDevicesRequest): Pick<DocumentPageQuery, "where"> {
  if (ownerAppUserId !== "") return { where: { field: "owner", equals: ownerAppUserId } };
  return deliverable === undefined ? {} : { where: { field: "deliverable", equals: deliverable ? 1 : 0 } };
}

function matches(device: Device, { deliverable }: ListDevicesRequest): boolean {
  return device.known && (deliverable === undefined || deliverable === isDeliverable(device));
}
