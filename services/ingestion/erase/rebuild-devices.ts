import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { ATTEMPTS, keptChanging } from "../effects/kept-changing.ts";
import { observation } from "../effects/observation.ts";
import { settleDevice } from "../effects/settle-device.ts";
import { wholeOrder } from "../event-order.ts";
import type { Erasure } from "./erasure.ts";

/**
 * Takes back what erased events said of their devices, and attributes anew what floats on them.
 *
 * @returns how many of the devices the user owned
 */
export async function rebuildDevices(context: IngestionContext, erasure: Erasure): Promise<number> {
  const rebuilt = new Set<string>();
  let owned = 0;
  for (const deviceKey of erasure.deviceKeys) {
    if (rebuilt.has(deviceKey)) continue;
    const { deviceKeys, ownershipEnded } = await rebuildDevice(context, erasure, deviceKey);
    for (const key of deviceKeys) rebuilt.add(key);
    if (ownershipEnded) owned += 1;
    await settleDevice(context, { app: erasure.app, deviceKey });
  }
  return owned;
}

/** Sets what is stored of the device's events now, for as long as it changes while they are looked up. */
async function rebuildDevice(
  context: IngestionContext,
  erasure: Erasure,
  deviceKey: string,
): Promise<{ readonly deviceKeys: readonly string[]; readonly ownershipEnded: boolean }> {
  const { appUserId, requestedMs, removedOnce } = erasure;
  const app = parseAppKey(erasure.app);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { scopes } = await context.devices.getAttributionScopes({ ...app, deviceKeys: [deviceKey] });
    const scope = scopes[0];
    if (scope === undefined) return { deviceKeys: [deviceKey], ownershipEnded: false };
    const { applied, ownershipEnded } = await context.devices.rebuildDevice({
      ...app,
      deviceKey,
      expectedVersion: scope.version,
      ...(await storedExtremes(context, erasure, scope)),
      erasedTimeMs: requestedMs,
      // An operator may have unlinked the user anew since everything was removed once.
      erasedAppUserId: removedOnce ? "" : appUserId,
    });
    if (applied) return { deviceKeys: scope.deviceKeys, ownershipEnded };
  }
  throw keptChanging("a device of the erased user");
}

/** The latest live device event and the latest live identified event that are left. */
async function storedExtremes({ events }: IngestionContext, { app }: Erasure, { deviceKeys }: AttributionScope) {
  const [last, border] = await Promise.all([
    events.deviceEventBefore(app, deviceKeys, wholeOrder.before),
    events.borderBefore(app, deviceKeys, wholeOrder.before),
  ]);
  const latest = last && (await events.get(app, last.fingerprint));
  return {
    ...(latest && { latest: latestMessage(observation(latest)) }),
    ...(border && { latestIdentified: { effectiveTimeMs: border.effectiveMs, fingerprint: border.fingerprint } }),
  };
}

function latestMessage({
  effectiveTimeMs,
  fingerprint,
  appUserId,
  leaves,
  attributes,
}: ReturnType<typeof observation>) {
  return { position: { effectiveTimeMs, fingerprint }, appUserId, leaves, ...(attributes && { attributes }) };
}
