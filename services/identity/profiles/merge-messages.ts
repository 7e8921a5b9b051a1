import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { type Merge as MergeMessage, MergeSchema } from "../../../proto/gen/carillon/identity/v1/merge_pb.js";
import { appKey } from "../../runtime/app-key.ts";
import type { Merge } from "./merge.ts";
import { anonymousId } from "./profile-messages.ts";

/** What the keys of an app's journal entries begin with; the fingerprint of the cause follows. */
export function mergeKeyPrefix(app: { readonly tenantId: string; readonly appId: string }): string {
  return `${appKey(app)}/`;
}

/** The key of the entry of one cause. */
export function mergeKey(cause: {
  readonly tenantId: string;
  readonly appId: string;
  readonly fingerprint: string;
}): string {
  return mergeKeyPrefix(cause) + cause.fingerprint;
}

/**
 * An entry as operators read it.
 *
 * @param device the cause's device as it is now; a device is rooted at and current under other tokens once it is joined
 * with another
 */
export function mergeMessage(fingerprint: string, merge: Merge, device: AttributionScope | undefined): MergeMessage {
  const { toAppUserId, causeMs, eventCount, pushCount } = merge;
  return create(MergeSchema, {
    deviceToken: device?.currentToken ?? "",
    fromAppUserId: device === undefined ? "" : anonymousId(device.rootToken),
    toAppUserId,
    fingerprint,
    eventCount,
    pushCount,
    time: timestampFromMs(causeMs),
  });
}
