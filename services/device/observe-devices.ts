import { create } from "@bufbuild/protobuf";
import {
  ObservationOutcome_Attribution as Attribution,
  type ObservationOutcome,
  ObservationOutcomeSchema,
  type ObserveDevicesRequest,
  type ObserveDevicesResponse,
  ObserveDevicesResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeDevices } from "./change-devices.ts";
import type { DeviceContext } from "./context.ts";
import type { Device } from "./device.ts";
import { parseObservation } from "./observation.ts";
import { attribution, type Observation, observe } from "./observe.ts";
import { attributionScope } from "./scope.ts";
import { documentKey } from "./store.ts";

/** One observation of the request. */
interface Item {
  /** Place in the request. */
  readonly index: number;
  readonly key: string;
  readonly observation: Observation;
}

/**
 * `DeviceRegistryService.ObserveDevices`: one write a device, however many observations.
 *
 * @throws ConnectError INVALID_ARGUMENT, or UNAVAILABLE when devices are being changed by too many at once
 */
export function observeDevices(context: DeviceContext) {
  return async (request: ObserveDevicesRequest): Promise<ObserveDevicesResponse> => {
    const items: readonly Item[] = request.observations.map((message, index) => ({
      index,
      key: documentKey(appKey(message), message.deviceKey),
      observation: parseObservation(message),
    }));
    const devices = await changeDevices(context, items, (device, own) =>
      observe(
        device,
        own.map(({ observation }) => observation),
        context.clock.now(),
      ),
    );
    const outcomes: ObservationOutcome[] = [];
    for (const [scope, { device, items: own }] of devices.entries()) {
      for (const { index, observation } of own) outcomes[index] = outcome(device, { observation, scope });
    }
    return create(ObserveDevicesResponseSchema, { outcomes, scopes: devices.map(attributionScope) });
  };
}

const attributions = {
  named: Attribution.UNSPECIFIED,
  anonymousProfile: Attribution.ANONYMOUS_PROFILE,
  owner: Attribution.OWNER,
  timeline: Attribution.BY_TIMELINE,
  waiting: Attribution.WAITING,
};

function outcome(
  device: Device,
  { observation, scope }: { readonly observation: Observation; readonly scope: number },
): ObservationOutcome {
  const decision = attribution(device, observation);
  return create(ObservationOutcomeSchema, {
    attribution: attributions[decision.by],
    ownerAppUserId: decision.by === "owner" ? decision.appUserId : "",
    scope,
  });
}
