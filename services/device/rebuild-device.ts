import { create } from "@bufbuild/protobuf";
import {
  type RebuildDeviceRequest,
  type RebuildDeviceResponse,
  RebuildDeviceResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { conflict } from "../storage/versioned-documents.ts";
import type { DeviceContext } from "./context.ts";
import { owner } from "./device.ts";
import { parseLatestEvent, parsePosition } from "./event-messages.ts";
import { locate } from "./locate.ts";
import { rebuilt } from "./rebuild.ts";
import { documentKey } from "./store.ts";

/**
 * `DeviceRegistryService.RebuildDevice`: sets what is stored of a device's events, unless the device has changed since
 * they were looked up. An event that is stored afterwards is observed afterwards, and so is not lost.
 *
 * @throws ConnectError INVALID_ARGUMENT for a latest event without its place or attributes
 */
export function rebuildDevice(context: DeviceContext) {
  return async (request: RebuildDeviceRequest): Promise<RebuildDeviceResponse> => {
    const stored = {
      latest: request.latest === undefined ? null : parseLatestEvent(request.latest),
      latestIdentified: request.latestIdentified === undefined ? null : parsePosition(request.latestIdentified),
    };
    const { erasedAppUserId: appUserId, erasedTimeMs: erasedMs } = request;
    const key = documentKey(appKey(request), request.deviceKey);
    const located = (await locate(context, [key], context.store.load)).get(key);
    if (located?.device === undefined) return create(RebuildDeviceResponseSchema, { applied: true });
    const before = located.device;
    if (before.revision !== Number(request.expectedVersion)) return create(RebuildDeviceResponseSchema);
    const device = rebuilt(before, stored, { appUserId, erasedMs, nowMs: context.clock.now() });
    const [written] = await context.store.save([
      { key: located.key, expectedVersion: located.version, value: { kind: "device", device } },
    ]);
    const applied = written !== conflict;
    const ownershipEnded = applied && appUserId !== "" && owner(before) === appUserId && owner(device) !== appUserId;
    return create(RebuildDeviceResponseSchema, { applied, ownershipEnded });
  };
}
