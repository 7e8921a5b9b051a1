import { create } from "@bufbuild/protobuf";
import {
  type DeviceState,
  type GetDeviceStatesRequest,
  type GetDeviceStatesResponse,
  GetDeviceStatesResponseSchema,
  type ListDeviceStatesRequest,
  type ListDeviceStatesResponse,
  ListDeviceStatesResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import type { DeviceContext } from "./context.ts";
import type { Device } from "./device.ts";
import { deviceState } from "./device-state.ts";
import { locate } from "./locate.ts";
import { documentKey, parseDocumentKey } from "./store.ts";

/** `DeviceRegistryService.ListDeviceStates`: whatever is filed, page by page. */
export function listDeviceStates(context: DeviceContext) {
  return async (request: ListDeviceStatesRequest): Promise<ListDeviceStatesResponse> => {
    const { afterDeviceKey, limit } = request;
    const keyPrefix = documentKey(appKey(request), "");
    const page = await context.store.page({ keyPrefix, afterKey: keyPrefix + afterDeviceKey, limit });
    const last = page.length < limit ? undefined : page.at(-1);
    const devices = page.flatMap(({ key, value }) => (value.kind === "device" ? { key, device: value.device } : []));
    return create(ListDeviceStatesResponseSchema, {
      devices: await deviceStates(context, devices),
      nextDeviceKey: last === undefined ? "" : parseDocumentKey(last.key).deviceKey,
    });
  };
}

/** `DeviceRegistryService.GetDeviceStates`. */
export function getDeviceStates(context: DeviceContext) {
  return async (request: GetDeviceStatesRequest): Promise<GetDeviceStatesResponse> => {
    const keys = request.deviceKeys.map((key) => documentKey(appKey(request), key));
    const located = await locate(context, keys, context.store.load);
    const devices = new Map([...located.values()].map(({ key, device }) => [key, device]));
    return create(GetDeviceStatesResponseSchema, {
      devices: await deviceStates(
        context,
        [...devices].flatMap(([key, device]) => (device === undefined ? [] : { key, device })),
      ),
    });
  };
}

/** Devices are never removed, so that all of them are filed. */
async function deviceStates(
  { store }: DeviceContext,
  devices: readonly { readonly key: string; readonly device: Device }[],
): Promise<DeviceState[]> {
  const filed = await store.filed(devices.map(({ key }) => key));
  return devices.flatMap(({ key, device }) => {
    const places = filed.get(key);
    return places === undefined ? [] : deviceState(key, device, places);
  });
}
