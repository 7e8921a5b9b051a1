import { create } from "@bufbuild/protobuf";
import {
  type ErasePushesRequest,
  type ErasePushesResponse,
  ErasePushesResponseSchema,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import type { TrackingContext } from "./context.ts";
import { tellInvalidTokens } from "./outstanding.ts";
import { isFloating, untoldInvalidToken } from "./push.ts";
import { parsePushKey } from "./push-key.ts";
import type { PushPosition } from "./store.ts";

/** Pushes removed by one write. */
const PAGE = 500;

/**
 * `TrackingService.ErasePushes`: removes a user's pushes that were registered before the erasure. Called again it
 * removes what is left; it counts only what this call removed.
 */
export function erasePushes(context: TrackingContext) {
  return async (request: ErasePushesRequest): Promise<ErasePushesResponse> => {
    const user = { app: appKey(request), appUserId: request.appUserId };
    const { registeredBeforeMs: beforeMs, onlyNamed } = request;
    let erased = 0;
    let after: PushPosition | undefined;
    for (;;) {
      const page = await context.pushes.list({ ...user, after, limit: PAGE });
      const removals = page.filter(({ push }) => push.registeredMs < beforeMs && !(onlyNamed && isFloating(push)));
      // What a provider said of a token outlives the push that it was said of.
      const untold = removals.filter(({ push }) => untoldInvalidToken(push) !== undefined);
      if (untold.length > 0) {
        await tellInvalidTokens(
          context,
          user.app,
          untold.map(({ key, push }) => [key, push] as const),
        );
        continue;
      }
      const removed = removals.length === 0 ? 0 : await context.pushes.remove(removals);
      erased += removed;
      // Some changed since they were listed: what is left of this page comes again with its new versions.
      if (removed < removals.length) continue;
      if (page.length < PAGE) break;
      const { key, push } = page.at(-1)!;
      after = { sentMs: push.sentMs, trackingToken: parsePushKey(key).trackingToken };
    }
    return create(ErasePushesResponseSchema, { erasedCount: BigInt(erased) });
  };
}
