import { create } from "@bufbuild/protobuf";
import {
  type AttributePushesRequest,
  type AttributePushesResponse,
  AttributePushesResponseSchema,
  type PushAttributionWrite,
} from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { invalidArgument } from "../runtime/request-arguments.ts";
import { changeEntries, type EntryChange } from "./change-entries.ts";
import type { TrackingContext } from "./context.ts";
import { attribute, type Decision, isFloating, type LedgerEntry, standsAsDecided } from "./push.ts";
import { type PushKey, pushKey } from "./push-key.ts";
import { checkCount, requireTrackingToken } from "./registration.ts";

const MAX_WRITES = 1_000;

/**
 * `TrackingService.AttributePushes`: stores decisions about floating pushes (decision 0001, point 4). One is refused
 * where another was stored since the push was read, or where a later version of the device has decided.
 */
export function attributePushes(context: TrackingContext) {
  return async (request: AttributePushesRequest): Promise<AttributePushesResponse> => {
    checkCount(request.writes, { name: "writes", max: MAX_WRITES });
    const app = appKey(request);
    const decidedMs = context.clock.now();
    const decisions = new Map<PushKey, Decision>();
    for (const [i, write] of request.writes.entries()) {
      const key = pushKey(app, requireTrackingToken(write.trackingToken, `writes[${i}].trackingToken`));
      if (decisions.has(key))
        throw invalidArgument(`writes[${i}].trackingToken "${write.trackingToken}" is there twice`);
      decisions.set(key, decision(write, { path: `writes[${i}]`, decidedMs }));
    }
    const changes = new Map<PushKey, EntryChange>();
    for (const [key, decided] of decisions) {
      changes.set(key, (entry) => (isFloating(entry) ? attribute(entry, decided) : undefined));
    }
    const entries = await changeEntries(context, changes);
    return create(AttributePushesResponseSchema, {
      results: [...decisions].map(([key, decided]) => result(entries.get(key), decided)),
    });
  };
}

function decision(
  { expectedRevision, attribution, attributionVersion }: PushAttributionWrite,
  { path, decidedMs }: { readonly path: string; readonly decidedMs: number },
): Decision {
  if (attribution === undefined) throw invalidArgument(`${path}.attribution is required`);
  return {
    appUserId: attribution.appUserId,
    attributedBy: attribution.attributedBy,
    expectedRevision: Number(expectedRevision),
    attributionVersion: Number(attributionVersion),
    decidedMs,
  };
}

function result(entry: LedgerEntry | undefined, decided: Decision) {
  if (!isFloating(entry)) return { applied: false, revision: 0n };
  return { applied: standsAsDecided(entry, decided), revision: BigInt(entry.revision) };
}
