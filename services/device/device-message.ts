import { create } from "@bufbuild/protobuf";
import { type Device as DeviceMessage, DeviceSchema } from "../../proto/gen/carillon/device/v1/device_pb.js";
import { type Device, isDeliverable, owner } from "./device.ts";
import { currentToken } from "./tokens.ts";

/** A device as operators read it. */
export function deviceMessage(device: Device): DeviceMessage {
  return create(DeviceSchema, {
    ...device.latest?.attributes,
    deviceToken: currentToken(device),
    tokens: [...device.tokens],
    ownerAppUserId: owner(device),
    deliverable: isDeliverable(device),
  });
}
