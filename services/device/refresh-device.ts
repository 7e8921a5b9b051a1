import { create } from "@bufbuild/protobuf";
import {
  RefreshDeviceResponse_Outcome as Outcome,
  type RefreshDeviceRequest,
  type RefreshDeviceResponse,
  RefreshDeviceResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import { conflictBackoff } from "../storage/conflict-backoff.ts";
import { conflict } from "../storage/versioned-documents.ts";
import type { DeviceContext } from "./context.ts";
import { noDevice } from "./device.ts";
import { completeJoins } from "./join.ts";
import { type Located, locate } from "./locate.ts";
import { hasRefresh, isOtherUsers, refresh } from "./refresh.ts";
import { documentKey } from "./store.ts";

/** A refresh in force, or why it is not: then nothing has been written. */
type Decision = Outcome | typeof conflict;

/**
 * `DeviceRegistryService.RefreshDevice`: accepted by one write to the old token's device; from then on it is in force,
 * and the two tokens' devices become one even if this process ends here.
 *
 * @throws ConnectError INVALID_ARGUMENT for a token that replaces itself; UNAVAILABLE after too many conflicts, with
 * the refresh accepted or not
 */
export function refreshDevice(context: DeviceContext) {
  return async (request: RefreshDeviceRequest): Promise<RefreshDeviceResponse> => {
    if (request.oldToken === request.newToken) throw invalidArgument("a token does not replace itself");
    const backoff = conflictBackoff(context);
    for (;;) {
      const decision = await decide(context, request);
      if (decision !== conflict) return create(RefreshDeviceResponseSchema, { outcome: decision });
      await backoff();
    }
  };
}

async function decide(context: DeviceContext, request: RefreshDeviceRequest): Promise<Decision> {
  const { oldToken, newToken, appUserId, receivedTimeMs: receivedMs } = request;
  const app = appKey(request);
  const oldKey = documentKey(app, deviceKeyOf(oldToken));
  const newKey = documentKey(app, deviceKeyOf(newToken));
  const located = await locate(context, [oldKey, newKey], context.store.load);
  const old = located.get(oldKey);
  if (!old?.device?.known) return Outcome.UNKNOWN_DEVICE;
  if (hasRefresh(old.device, { oldToken, newToken })) return Outcome.ACCEPTED;

  const other: Located | undefined = located.get(newKey);
  const isJoined = other?.key === old.key;
  const newDevice = isJoined ? noDevice : (other?.device ?? noDevice);
  if (isOtherUsers(newDevice, { oldDevice: old.device, appUserId })) return Outcome.TOKEN_CONFLICT;

  const options = { other: newDevice, joinKey: isJoined ? undefined : newKey, nowMs: context.clock.now() };
  const device = refresh(old.device, { oldToken, newToken, receivedMs }, options);
  const [written] = await context.store.save([
    { key: old.key, expectedVersion: old.version, value: { kind: "device", device } },
  ]);
  if (written === conflict) return conflict;
  await completeJoins(context, old.key);
  return Outcome.ACCEPTED;
}
