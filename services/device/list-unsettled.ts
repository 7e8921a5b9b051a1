import { create } from "@bufbuild/protobuf";
import {
  type ListUnsettledRequest,
  type ListUnsettledResponse,
  ListUnsettledResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { parseAppKey } from "../runtime/app-key.ts";
import type { DeviceContext } from "./context.ts";
import { parseDocumentKey } from "./store.ts";

/**
 * `DeviceRegistryService.ListUnsettled`: devices with attribution due, or with a join to complete, which
 * `GetAttributionScopes` does.
 */
export function listUnsettled(context: DeviceContext) {
  return async ({ dueBeforeMs, dueAfterMs, limit }: ListUnsettledRequest): Promise<ListUnsettledResponse> => {
    const field = "unsettledSince";
    const where = dueAfterMs === 0 ? { field, below: dueBeforeMs } : { field, above: dueAfterMs };
    const page = await context.store.page({ keyPrefix: "", where, limit });
    const devices = page.map(({ key }) => {
      const { app, deviceKey } = parseDocumentKey(key);
      return { ...parseAppKey(app), deviceKey };
    });
    return create(ListUnsettledResponseSchema, { devices });
  };
}
