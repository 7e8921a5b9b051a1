import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { EventCursor, StoredEvent } from "../event.ts";
import type { AttributionChange } from "../store.ts";
import { finishEffects } from "./apply-effects.ts";
import { isAttributedTo, reattributed, Timeline } from "./attribution.ts";
import { ATTEMPTS, keptChanging } from "./kept-changing.ts";
import { settlePushes } from "./push-effects.ts";

/** Events attributed anew in one step; bounds memory and the length of a store's write. */
const PAGE = 500;

/**
 * Attributes a device's floating events anew where that is due, until nothing is (decision 0001, point 3).
 *
 * @param device `deviceKey` is that of any of its tokens; `scope` what its registry answered last, if it did: one that
 * is out of date is found out by what it decides being refused
 * @throws whatever a store or a service answers; the range then stays due
 */
export async function settleDevice(
  context: IngestionContext,
  {
    app,
    deviceKey,
    scope: known,
  }: { readonly app: AppKey; readonly deviceKey: string; readonly scope?: AttributionScope },
): Promise<void> {
  const device = { ...parseAppKey(app), deviceKey };
  let scope = known ?? (await currentScope(context, device));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (scope?.due === undefined) return;
    const { fromMs, toMs, version: dueVersion } = scope.due;
    await Promise.all([
      settleRange(context, app, { scope, due: scope.due }),
      settlePushes(context, { app, scope, range: { fromMs, toMs, observed: new Set() } }),
    ]);
    ({ scope } = await context.devices.markSettled({ ...device, dueVersion }));
  }
  throw keptChanging("the attribution on a device");
}

async function currentScope(
  { devices }: IngestionContext,
  { tenantId, appId, deviceKey }: { readonly tenantId: string; readonly appId: string; readonly deviceKey: string },
): Promise<AttributionScope | undefined> {
  const { scopes } = await devices.getAttributionScopes({ tenantId, appId, deviceKeys: [deviceKey] });
  return scopes[0];
}

async function settleRange(
  context: IngestionContext,
  app: AppKey,
  {
    scope,
    due,
  }: { readonly scope: AttributionScope; readonly due: { readonly fromMs: number; readonly toMs: number } },
): Promise<void> {
  const timeline = new Timeline(context.events, app, scope);
  let after: EventCursor | undefined;
  do {
    const page = await context.events.floating(app, scope.deviceKeys, {
      fromMs: due.fromMs,
      toMs: due.toMs,
      limit: PAGE,
      ...(after && { after }),
    });
    await settleEvents(context, timeline, { app, events: page, version: Number(scope.version) });
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
}

/**
 * Stores whom each event belongs to as of a version of its device, and applies the effects of what changed.
 *
 * Every event is marked with the version, also one that stays where it is: an older decision that is still on its
 * way must not be stored after this one. An event that is still pending keeps its mark: its own effects (the device
 * may not even have heard of it) are somebody else's to finish. Whose mark it is finishes it, also where a newer version
 * has decided since: to those who settle that version it was pending.
 */
async function settleEvents(
  context: IngestionContext,
  timeline: Timeline,
  { app, events, version }: { readonly app: AppKey; readonly events: readonly StoredEvent[]; readonly version: number },
): Promise<void> {
  const marked = new Set<string>();
  for (let open = events; open.length > 0; ) {
    const overtaken = open
      .filter((event) => event.attributionVersion >= version && event.pending && marked.has(event.fingerprint))
      .map((event) => ({ event, profileVersion: 0, decidedVersion: event.attributionVersion }));
    const { staying, changing } = await decide(context, timeline, { events: open, version });
    const completions = staying.map(({ fingerprint, attributionVersion }) => ({
      fingerprint,
      expectedAttributionVersion: attributionVersion,
      attributionVersion: version,
    }));
    const answers = await Promise.all([
      completions.length === 0 ? [] : context.events.complete(completions),
      changing.length === 0 ? [] : context.events.attribute(changing, context.clock.now()),
    ]);
    const refused = new Set(answers.flat());
    const changed = changing
      .filter(({ event }) => !event.pending && !refused.has(event.fingerprint))
      .map(({ event, appUserId, attributedBy, profileVersion }) => ({
        event: reattributed(event, { appUserId, attributedBy }, version),
        profileVersion,
        decidedVersion: version,
      }));
    for (const { event } of changed) marked.add(event.fingerprint);
    for (const fingerprint of await finishEffects(context, [...changed, ...overtaken])) refused.add(fingerprint);
    open = refused.size === 0 ? [] : [...(await context.events.getAll(app, [...refused])).values()];
  }
}

interface Decisions {
  /** Events that belong to whom they belonged. */
  readonly staying: StoredEvent[];
  readonly changing: (AttributionChange & { readonly profileVersion: number })[];
}

/** Whom events belong to as of a version of their device; those that a version like this or a newer one decided stay out. */
async function decide(
  context: IngestionContext,
  timeline: Timeline,
  { events, version }: { readonly events: readonly StoredEvent[]; readonly version: number },
): Promise<Decisions> {
  const decisions: Decisions = { staying: [], changing: [] };
  for (const event of events) {
    if (event.attributionVersion >= version) continue;
    const to = await timeline.attribute(event);
    if (isAttributedTo(event, to) && !event.pending) {
      decisions.staying.push(event);
      continue;
    }
    const profileVersion = context.profileEffects.lastVersion({ app: event.app, appUserId: to.appUserId });
    decisions.changing.push({ event, ...to, attributionVersion: version, profileVersion });
  }
  return decisions;
}
