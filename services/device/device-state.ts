import { create } from "@bufbuild/protobuf";
import {
  type DeviceState,
  DeviceStateSchema,
  type ObservedDevice,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { Filed } from "../storage/versioned-documents.ts";
import type { Device } from "./device.ts";
import { parseLatestEvent, parsePosition, positionMessage } from "./event-messages.ts";
import { parseDocumentKey, unsettledSince } from "./store.ts";

/** What a device keeps of its events and pushes, all of which can be computed anew. */
export type Observed = Pick<Device, "tokens" | "known" | "latest" | "latestIdentified" | "floating" | "hashToMs">;

/** A device as it is stored, as a message. */
export function deviceState(key: string, device: Device, filed: Filed): DeviceState {
  const { latest, latestIdentified, erased, floating, hashToMs, due } = device;
  const unsettled = unsettledSince(device);
  return create(DeviceStateSchema, {
    deviceKey: parseDocumentKey(key).deviceKey,
    version: BigInt(device.revision),
    observed: {
      tokens: [...device.tokens],
      known: device.known,
      ...(latest && {
        latest: {
          position: positionMessage(latest),
          appUserId: latest.appUserId,
          leaves: latest.leaves,
          attributes: latest.attributes,
        },
      }),
      ...(latestIdentified && { latestIdentified: positionMessage(latestIdentified) }),
      ...(floating && { floating }),
      ...(hashToMs !== null && { hashToMs }),
    },
    refreshes: device.refreshes.map(({ oldToken, newToken, order }) => ({ oldToken, newToken, order })),
    unlinkedAppUserIds: [...device.unlinked],
    ...(erased && { ownerErased: positionMessage(erased) }),
    ...(due && { due: { fromMs: due.fromMs, toMs: due.toMs, version: BigInt(due.revision) } }),
    joining: device.joining.length > 0,
    ...(unsettled !== null && { unsettledSinceMs: unsettled }),
    invalidTokens: device.invalidReports.map(({ token: deviceToken, receivedMs: receivedTimeMs }) => ({
      deviceToken,
      receivedTimeMs,
    })),
    ...filed,
  });
}

/** @throws ConnectError INVALID_ARGUMENT for a latest event without its place or attributes */
export function parseObserved(message: ObservedDevice): Observed {
  const { tokens, known, latest, latestIdentified, floating, hashToMs } = message;
  return {
    tokens: [...tokens],
    known,
    latest: latest === undefined ? null : parseLatestEvent(latest),
    latestIdentified: latestIdentified === undefined ? null : parsePosition(latestIdentified),
    floating: floating === undefined ? null : { fromMs: floating.fromMs, toMs: floating.toMs },
    hashToMs: hashToMs ?? null,
  };
}
