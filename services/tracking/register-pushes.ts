import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type RegisterPushesRequest,
  type RegisterPushesResponse,
  RegisterPushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { changeEntries, type EntryChange } from "./change-entries.ts";
import type { TrackingContext } from "./context.ts";
import { finishInTime } from "./outstanding.ts";
import { isSameRegistration, type PushRegistration, register } from "./push.ts";
import { type PushKey, pushKey, type TrackingToken } from "./push-key.ts";
import { checkCount, parseRegistration, requireTrackingToken } from "./registration.ts";

const MAX_PUSHES = 1_000;

/**
 * `PushService.RegisterPushes`: enters pushes in the ledger, with what was reported of them before.
 *
 * A push without a token gets a random one here, so a call that is repeated because its answer was lost registers it a
 * second time; senders who repeat calls send tokens.
 *
 * @throws ConnectError INVALID_ARGUMENT naming the field; ALREADY_EXISTS naming a token that was registered with other
 * content, in which case other pushes of the call may be registered
 */
export function registerPushes(context: TrackingContext) {
  return async (request: RegisterPushesRequest): Promise<RegisterPushesResponse> => {
    checkCount(request.pushes, { name: "pushes", max: MAX_PUSHES });
    const app = appKey(request);
    const registeredMs = context.clock.now();
    const tokens: TrackingToken[] = [];
    const registrations = new Map<PushKey, PushRegistration>();
    const changes = new Map<PushKey, EntryChange>();
    for (const [i, push] of request.pushes.entries()) {
      const token = requireTrackingToken(push.trackingToken || randomUUID(), `pushes[${i}].trackingToken`);
      const registration = parseRegistration(push, `pushes[${i}]`);
      const key = pushKey(app, token);
      checkSame(token, registrations.get(key), registration);
      tokens.push(token);
      registrations.set(key, registration);
      changes.set(key, (entry) => {
        checkSame(token, entry?.kind === "registered" ? entry : undefined, registration);
        return register(entry, registration, registeredMs);
      });
    }
    await finishInTime(context, app, await changeEntries(context, changes));
    return create(RegisterPushesResponseSchema, { pushes: tokens.map((trackingToken) => ({ trackingToken })) });
  };
}

function checkSame(token: TrackingToken, known: PushRegistration | undefined, registration: PushRegistration): void {
  if (known === undefined || isSameRegistration(known, registration)) return;
  throw new ConnectError(`a push with trackingToken "${token}" is registered with other content`, Code.AlreadyExists);
}
