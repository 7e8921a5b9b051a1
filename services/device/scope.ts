import { create } from "@bufbuild/protobuf";
import {
  type AttributionScope,
  AttributionScopeSchema,
} from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { deviceKeyOf } from "../runtime/device-key.ts";
import type { Device } from "./device.ts";
import { parseDocumentKey } from "./store.ts";
import { currentToken, rootToken } from "./tokens.ts";

/** What attribution needs to know of a device, as a message. */
export function attributionScope({ key, device }: { readonly key: string; readonly device: Device }): AttributionScope {
  const { due, erased } = device;
  return create(AttributionScopeSchema, {
    version: BigInt(device.revision),
    deviceKeys: [...new Set([parseDocumentKey(key).deviceKey, ...device.tokens.map(deviceKeyOf)])],
    rootToken: rootToken(device),
    currentToken: currentToken(device),
    unlinkedAppUserIds: [...device.unlinked],
    known: device.known,
    ...(erased === null
      ? {}
      : { ownerErased: { effectiveTimeMs: erased.effectiveMs, fingerprint: erased.fingerprint } }),
    ...(due === null ? {} : { due: { fromMs: due.fromMs, toMs: due.toMs, version: BigInt(due.revision) } }),
  });
}
