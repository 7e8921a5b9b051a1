import { create } from "@bufbuild/protobuf";
import {
  type GetAttributionScopesRequest,
  type GetAttributionScopesResponse,
  GetAttributionScopesResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import type { DeviceContext } from "./context.ts";
import { locate } from "./locate.ts";
import { attributionScope } from "./scope.ts";
import { documentKey } from "./store.ts";

/** `DeviceRegistryService.GetAttributionScopes`: devices as stored, their joins completed. */
export function getAttributionScopes(context: DeviceContext) {
  return async (request: GetAttributionScopesRequest): Promise<GetAttributionScopesResponse> => {
    const keys = request.deviceKeys.map((deviceKey) => documentKey(appKey(request), deviceKey));
    const located = await locate(context, keys, context.store.load);
    const byKey = new Map([...located.values()].map((device) => [device.key, device]));
    const scopes = [...byKey.values()].flatMap(({ key, device }) =>
      device === undefined ? [] : attributionScope({ key, device }),
    );
    return create(GetAttributionScopesResponseSchema, { scopes });
  };
}
