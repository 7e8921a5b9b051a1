import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { RefreshDeviceResponse_Outcome as DeviceOutcome } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import {
  RefreshTokenResponse_Outcome as Outcome,
  type RefreshTokenRequest,
  type RefreshTokenResponse,
  RefreshTokenResponseSchema,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { type AppKey, appKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { finishesInTime } from "../runtime/effects-wait.ts";
import type { IngestionContext } from "./context.ts";
import { applyEffects } from "./effects/apply-effects.ts";
import { oneAtATime } from "./effects/one-at-a-time.ts";
import { settleDevice } from "./effects/settle-device.ts";

/** Outstanding events applied at once. */
const BATCH = 256;

const outcomes: Record<DeviceOutcome, Outcome> = {
  [DeviceOutcome.UNSPECIFIED]: Outcome.UNSPECIFIED,
  [DeviceOutcome.ACCEPTED]: Outcome.ACCEPTED,
  [DeviceOutcome.UNKNOWN_DEVICE]: Outcome.UNKNOWN_DEVICE,
  [DeviceOutcome.TOKEN_CONFLICT]: Outcome.TOKEN_CONFLICT,
};

/**
 * `IngestionService.RefreshToken`: finishes what is outstanding for either token, then lets the device decide.
 *
 * @throws ConnectError UNAVAILABLE where effects stay outstanding for longer than an event waits for them
 */
export function refreshToken(context: IngestionContext) {
  // Whose refresh was answered 503 asks again while the work goes on: that must not begin it once more each time.
  const finishing = oneAtATime();
  const settling = oneAtATime();
  return async ({
    tenantId,
    appId,
    oldToken,
    newToken,
    appUserId,
    receivedTimeMs,
  }: RefreshTokenRequest): Promise<RefreshTokenResponse> => {
    const app = appKey({ tenantId, appId });
    const oldKey = deviceKeyOf(oldToken);
    const outstanding = [oldKey, deviceKeyOf(newToken)].map((deviceKey) =>
      finishing(`${app}/${deviceKey}`, () => finishOutstanding(context, app, deviceKey)),
    );
    if (!(await finishesInTime(context, Promise.all(outstanding)))) {
      throw new ConnectError("effects of events of these tokens are still outstanding", Code.Unavailable);
    }
    const { outcome } = await context.devices.refreshDevice({
      tenantId,
      appId,
      oldToken,
      newToken,
      appUserId,
      receivedTimeMs,
    });
    // Accepted is accepted: what it moves follows by itself where it takes longer.
    if (outcome === DeviceOutcome.ACCEPTED) {
      const settled = settling(`${app}/${oldKey}`, () => settleDevice(context, { app, deviceKey: oldKey }));
      await finishesInTime(context, settled);
    }
    return create(RefreshTokenResponseSchema, { outcome: outcomes[outcome] });
  };
}

/** Applies what was outstanding when this was called: events that arrive later are no part of what a refresh waits for. */
async function finishOutstanding(context: IngestionContext, app: AppKey, deviceKey: string): Promise<void> {
  for (let more = true; more; ) {
    const pending = await context.events.pendingOfDevices(app, [deviceKey], BATCH);
    more = pending.length === BATCH;
    const due = await applyEffects(
      context,
      pending.map((event) => ({ event, profileVersion: 0 })),
    );
    for (const device of due) await settleDevice(context, device);
  }
}
