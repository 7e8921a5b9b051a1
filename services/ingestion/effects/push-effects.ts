import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { FloatingPush } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { type Attribution, isSameAttribution } from "../event.ts";
import { Timeline } from "./attribution.ts";
import { causesOf } from "./merge-journal.ts";

/** Pushes attributed in one step. */
const PAGE = 500;

/** Which pushes of a device to attribute, by sent time in milliseconds, both ends included. */
export interface PushRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** Tracking tokens of pushes that the device has just heard of: the others among those pending are not finished here. */
  readonly observed: ReadonlySet<string>;
}

/**
 * Attributes a device's pushes to anonymous owners, as anonymous events at their sent time (semantics, Push ledger).
 *
 * @throws whatever a store or a service answers; what is not attributed then stays due or pending
 */
export async function settlePushes(
  context: IngestionContext,
  { app, scope, range }: { readonly app: AppKey; readonly scope: AttributionScope; readonly range: PushRange },
): Promise<void> {
  const timeline = new Timeline(context.events, app, scope);
  let after: { sentTimeMs: number; trackingToken: string } | undefined;
  do {
    const { fromMs, toMs } = range;
    const request = { ...parseAppKey(app), deviceKeys: scope.deviceKeys, fromMs, toMs, limit: PAGE };
    const { pushes } = await context.pushes.listFloatingPushes(after === undefined ? request : { ...request, after });
    await settlePage(context, { app, scope, timeline, pushes, observed: range.observed });
    const last = pushes.at(-1);
    after =
      pushes.length < PAGE || last === undefined
        ? undefined
        : { sentTimeMs: last.sentTimeMs, trackingToken: last.trackingToken };
  } while (after !== undefined);
}

interface PushPage {
  readonly app: AppKey;
  readonly scope: AttributionScope;
  readonly timeline: Timeline;
  readonly pushes: readonly FloatingPush[];
  readonly observed: ReadonlySet<string>;
}

async function settlePage(
  context: IngestionContext,
  { app, scope, timeline, pushes, observed }: PushPage,
): Promise<void> {
  const open = pushes.filter((push) => push.attributionVersion < scope.version || observed.has(push.trackingToken));
  if (open.length === 0) return;
  const decided: { readonly push: FloatingPush; readonly attribution: Attribution }[] = [];
  for (const push of open) decided.push({ push, attribution: await timeline.attributeAt(push.sentTimeMs) });
  const { results } = await context.pushes.attributePushes({
    ...parseAppKey(app),
    writes: decided.map(({ push, attribution }) => ({
      trackingToken: push.trackingToken,
      expectedRevision: push.revision,
      attribution,
      attributionVersion: scope.version,
    })),
  });
  // A push that was changed meanwhile by a newer version of its device is that version's to finish, and one that is
  // pending whoever tells the device of it.
  const settled = decided.flatMap(({ push, attribution }, i) =>
    results[i]!.applied && (observed.has(push.trackingToken) || !push.pending)
      ? [{ push, attribution, revision: results[i]!.revision }]
      : [],
  );
  if (settled.length === 0) return;
  await context.journal.recompute(settled.flatMap(({ push, attribution }) => changedCauses(app, push, attribution)));
  await context.pushes.markPushesSettled({
    ...parseAppKey(app),
    pushes: settled.map(({ push: { trackingToken }, revision }) => ({ trackingToken, revision })),
  });
}

/** What took a push, now and before, unless it has stayed with that since it was last settled. */
function changedCauses(app: AppKey, { attribution: before, priors, pending }: FloatingPush, after: Attribution) {
  const stays = !pending && before !== undefined && isSameAttribution(before, after);
  return stays ? [] : causesOf(app, [after, before, ...priors]);
}
