import { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { type HostedService, hostedService } from "../runtime/hosted-service.ts";
import { rememberRecent } from "../storage/recent-documents.ts";
import type { DeviceContext, DeviceServiceOptions } from "./context.ts";
import { endUserUnlinks } from "./end-user-unlinks.ts";
import { explainDelivery } from "./explain-delivery.ts";
import { getAttributionScopes } from "./get-attribution-scopes.ts";
import { getDevice } from "./get-device.ts";
import { getDeviceStates, listDeviceStates } from "./list-device-states.ts";
import { listDevices } from "./list-devices.ts";
import { listUnsettled } from "./list-unsettled.ts";
import { markSettled } from "./mark-settled.ts";
import { observeDevices } from "./observe-devices.ts";
import { rebuildDevice } from "./rebuild-device.ts";
import { refreshDevice } from "./refresh-device.ts";
import { repairDevice } from "./repair-device.ts";
import { reportInvalidTokens } from "./report-invalid-tokens.ts";
import { setUserLink } from "./set-user-link.ts";

/** The device service: what ingestion tells it and asks it, and what operators read. */
export function createDeviceServices(options: DeviceServiceOptions): HostedService[] {
  const context: DeviceContext = { ...options, store: rememberRecent(options.store, options.recentBytes) };
  return [
    hostedService(DeviceRegistryService, {
      observeDevices: observeDevices(context),
      refreshDevice: refreshDevice(context),
      getAttributionScopes: getAttributionScopes(context),
      markSettled: markSettled(context),
      setUserLink: setUserLink(context),
      endUserUnlinks: endUserUnlinks(context),
      reportInvalidTokens: reportInvalidTokens(context),
      listUnsettled: listUnsettled(context),
      rebuildDevice: rebuildDevice(context),
      listDeviceStates: listDeviceStates(context),
      getDeviceStates: getDeviceStates(context),
      repairDevice: repairDevice(context),
    }),
    hostedService(DeviceService, {
      getDevice: getDevice(context),
      listDevices: listDevices(context),
      explainDelivery: explainDelivery(context),
    }),
  ];
}
