import { create } from "@bufbuild/protobuf";
import {
  type RepairDeviceRequest,
  type RepairDeviceResponse,
  RepairDeviceResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import { conflict } from "../storage/versioned-documents.ts";
import type { DeviceContext } from "./context.ts";
import { revised } from "./device.ts";
import { parseObserved } from "./device-state.ts";
import { hull } from "./extent.ts";
import { locate } from "./locate.ts";
import { documentKey } from "./store.ts";

/**
 * `DeviceRegistryService.RepairDevice`: replaces what was kept of the device's events, unless the device has changed
 * since they were looked up. An event that is stored afterwards is observed afterwards, and so is not lost. Nothing was
 * erased: unlike a rebuilt device, this one keeps its owner.
 *
 * @throws ConnectError INVALID_ARGUMENT without what is stored
 */
export function repairDevice(context: DeviceContext) {
  return async (request: RepairDeviceRequest): Promise<RepairDeviceResponse> => {
    if (request.observed === undefined) throw invalidArgument("observed is required");
    const observed = parseObserved(request.observed);
    const key = documentKey(appKey(request), request.deviceKey);
    const located = (await locate(context, [key], context.store.load)).get(key);
    if (located?.device?.revision !== Number(request.expectedVersion)) return create(RepairDeviceResponseSchema);
    const moved = hull(located.device.floating, observed.floating);
    const device = revised({ device: { ...located.device, ...observed }, moved, nowMs: context.clock.now() });
    const [written] = await context.store.save([
      { key: located.key, expectedVersion: located.version, value: { kind: "device", device } },
    ]);
    return create(RepairDeviceResponseSchema, { applied: written !== conflict });
  };
}
