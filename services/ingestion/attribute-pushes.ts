import { create } from "@bufbuild/protobuf";
import {
  type Observation,
  Observation_Kind,
  ObservationSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import {
  type AttributePushesRequest,
  type AttributePushesResponse,
  AttributePushesResponseSchema,
  type UnattributedPush,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { type AppKey, appKey, parseAppKey } from "../runtime/app-key.ts";
import type { IngestionContext } from "./context.ts";
import { settlePushes } from "./effects/push-effects.ts";

/**
 * `IngestionService.AttributePushes`: tells the devices of pushes that tracking has stored, then attributes them.
 *
 * @throws whatever a store or a service answers; the pushes then stay pending and tracking asks again
 */
export function attributePushes(context: IngestionContext) {
  return async (request: AttributePushesRequest): Promise<AttributePushesResponse> => {
    const app = appKey(request);
    const { outcomes, scopes } = await context.devices.observeDevices({
      observations: request.pushes.map((push) => pushObservation(app, push)),
    });
    for (const [index, scope] of scopes.entries()) {
      const own = request.pushes.filter((_, i) => outcomes[i]!.scope === index);
      const times = own.map(({ sentTimeMs }) => sentTimeMs);
      const observed = new Set(own.map(({ trackingToken }) => trackingToken));
      const range = { fromMs: Math.min(...times), toMs: Math.max(...times), observed };
      await settlePushes(context, { app, scope, range });
    }
    return create(AttributePushesResponseSchema);
  };
}

/** A push floats like a late anonymous event: it is attributed, and says nothing else of its device. */
function pushObservation(
  app: AppKey,
  { trackingToken, deviceToken, deviceKey, sentTimeMs }: UnattributedPush,
): Observation {
  return create(ObservationSchema, {
    ...parseAppKey(app),
    deviceKey,
    deviceToken,
    kind: Observation_Kind.ANONYMOUS,
    effectiveTimeMs: sentTimeMs,
    fingerprint: trackingToken,
    late: true,
  });
}
