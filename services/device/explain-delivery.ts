import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type ExplainDeliveryRequest,
  type ExplainDeliveryResponse,
  ExplainDeliveryResponseSchema,
} from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { DeviceContext } from "./context.ts";
import { noDevice } from "./device.ts";
import { type Addressee, explainDevice } from "./explain-delivery-checks.ts";
import { locate } from "./locate.ts";
import { documentKey } from "./store.ts";

const ANONYMOUS = "anon:";
/** Events of a user that are asked for devices which others own by now; as many as one page has. */
const EVENTS = 1_000;
/** Devices of one owner read at once. */
const DEVICES = 1_000;

type Call = Pick<HandlerContext, "signal">;

/**
 * `DeviceService.ExplainDelivery`.
 *
 * @throws ConnectError INVALID_ARGUMENT where neither a device nor a user is named
 */
export function explainDelivery(context: DeviceContext) {
  return async (request: ExplainDeliveryRequest, call: Call): Promise<ExplainDeliveryResponse> => {
    const addressee = addresseeOf(request);
    const keys =
      addressee.token === undefined ? await keysOfUser(context, request, call) : [deviceKeyOf(addressee.token)];
    const app = appKey(request);
    const located = await locate(
      context,
      keys.map((key) => documentKey(app, key)),
      context.store.load,
    );
    const devices = new Map([...located.values()].map(({ key, device = noDevice }) => [key, device]));
    const explained = [...devices].filter(([, { known }]) => known || addressee.token !== undefined);
    return create(ExplainDeliveryResponseSchema, {
      explanations: explained
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([, device]) => explainDevice(device, addressee)),
    });
  };
}

/** An `anon:` id means the device of its token while nobody owns it. */
function addresseeOf({ deviceToken, appUserId }: ExplainDeliveryRequest): Addressee {
  const token = deviceToken || undefined;
  if (appUserId.startsWith(ANONYMOUS)) return { token: token ?? appUserId.slice(ANONYMOUS.length), appUserId: "" };
  if (token === undefined && appUserId === "") throw invalidArgument("deviceToken or appUserId is required");
  return { token, appUserId: appUserId || undefined };
}

/** Keys of the devices that a user owns, and of those that the user's latest events name. */
async function keysOfUser(
  { store, events }: DeviceContext,
  request: ExplainDeliveryRequest,
  { signal }: Call,
): Promise<string[]> {
  const { tenantId, appId, appUserId } = request;
  const { events: latest } = await events.listEvents({ tenantId, appId, appUserId, pageSize: EVENTS }, { signal });
  const keys = new Set(latest.flatMap(({ deviceToken, deviceTokenHash }) => keyOf(deviceToken, deviceTokenHash)));
  const prefix = documentKey(appKey(request), "");
  let afterKey = prefix;
  for (let read = DEVICES; read === DEVICES; ) {
    const where = { field: "owner", equals: appUserId };
    const page = await store.page({ keyPrefix: prefix, afterKey, where, limit: DEVICES });
    for (const { key } of page) keys.add(key.slice(prefix.length));
    read = page.length;
    afterKey = page.at(-1)?.key ?? afterKey;
  }
  return [...keys];
}

function keyOf(token: string, hash: string): string[] {
  if (token !== "") return [deviceKeyOf(token)];
  return hash === "" ? [] : [hash];
}
