import {
  type AttributionScope,
  ObservationOutcome_Attribution as HowAttributed,
  type ObservationOutcome,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { type Attribution, isFloating, type StoredEvent } from "../event.ts";
import { observedDefinitions } from "../event-definitions.ts";
import type { AttributionChange, Completion } from "../store.ts";
import { anonymousProfile, isAttributedTo, reattributed, Timeline, waiting } from "./attribution.ts";
import { ATTEMPTS, keptChanging } from "./kept-changing.ts";
import { causesOf } from "./merge-journal.ts";
import { observation } from "./observation.ts";

/** A pending event, and what was known of its user's profile before the event was attributed to them. */
export interface PendingEvent {
  readonly event: StoredEvent;
  /** Version of the profile of `event.appUserId`, 0 where it is not known for sure; only read for floating events. */
  readonly profileVersion: number;
}

/** An event whose attribution is stored, and the device version that decided it. */
interface DecidedEvent extends PendingEvent {
  readonly decidedVersion: number;
}

/** A device whose older floating events are to be attributed anew, by the key of one of its tokens. */
export interface DueDevice {
  readonly app: StoredEvent["app"];
  readonly deviceKey: string;
  /** The device as it was when something became due. */
  readonly scope: AttributionScope;
}

/** What became of a batch of events. */
export interface AppliedEffects {
  /** Devices that need settling since. */
  readonly due: DueDevice[];
  /** Marks that are still there: those of events that name their user, which nobody attributes to another one meanwhile. */
  readonly completions: Completion[];
}

/**
 * Applies what a batch of stored events means for devices, definitions and profiles, then takes their pending marks
 * away. Can be repeated any number of times, by any number of processes (decision 0001).
 *
 * @returns devices that need settling since
 * @throws whatever a store or a service answers; the events then stay pending
 */
export async function applyEffects(context: IngestionContext, batch: readonly PendingEvent[]): Promise<DueDevice[]> {
  const { due, completions } = await applyEffectsButMarks(context, batch);
  if (completions.length > 0) await context.events.complete(completions);
  return due;
}

/** {@link applyEffects}, but for marks that may be taken away later: until then the same effects may be applied again. */
export async function applyEffectsButMarks(
  context: IngestionContext,
  batch: readonly PendingEvent[],
): Promise<AppliedEffects> {
  const due: DueDevice[] = [];
  const named = batch.filter(({ event }) => !isFloating(event));
  const onDevices = batch.filter(({ event }) => event.role !== "user");
  const [decided] = await Promise.all([
    decideAttributions(context, onDevices, { due, isRepeated: false }),
    observeProfiles(context, named),
    context.events.observeDefinitions(observedDefinitions(batch.map(({ event }) => event))),
  ]);
  const completions = named.map(({ event }) => completionOf(event, event.attributionVersion));
  const floating = batch.filter(({ event }) => isFloating(event));
  try {
    await finishFloating(context, { floating, decided, due });
  } catch (error) {
    // What keeps these from being finished is no reason to apply the others again.
    if (completions.length > 0) await context.events.complete(completions);
    throw error;
  }
  return { due, completions };
}

/** Finishes floating events, those too whose attribution others change meanwhile. */
async function finishFloating(
  context: IngestionContext,
  {
    floating,
    decided,
    due,
  }: {
    readonly floating: readonly PendingEvent[];
    readonly decided: readonly DecidedEvent[];
    readonly due: DueDevice[];
  },
): Promise<void> {
  let open = await unfinished(context, floating, decided);
  for (let attempt = 1; open.length > 0; attempt++) {
    if (attempt === ATTEMPTS) throw keptChanging(`the attribution of ${open.length} events`);
    open = await unfinished(context, open, await decideAttributions(context, open, { due, isRepeated: true }));
  }
}

/** Finishes the floating events whose attribution is stored; answers, as they are by now, those that are pending all the same. */
async function unfinished(
  context: IngestionContext,
  floating: readonly PendingEvent[],
  decided: readonly DecidedEvent[],
): Promise<PendingEvent[]> {
  const moved = await finishEffects(context, decided);
  const finished = new Set(decided.map(({ event }) => event.fingerprint).filter((each) => !moved.has(each)));
  return stillPending(
    context,
    floating.filter(({ event }) => !finished.has(event.fingerprint)),
  );
}

/**
 * Widens profiles by floating events, computes anew what these were taken from and what took them, and takes the pending
 * marks away.
 *
 * @returns fingerprints of events whose attribution was changed meanwhile; they are still pending
 */
export async function finishEffects(context: IngestionContext, batch: readonly DecidedEvent[]): Promise<Set<string>> {
  if (batch.length === 0) return new Set();
  await Promise.all([
    observeProfiles(context, batch),
    context.profileEffects.recompute(
      batch.flatMap(({ event }) => event.priors.map(({ appUserId }) => ({ app: event.app, appUserId }))),
    ),
    context.journal.recompute(batch.flatMap(({ event }) => causesOf(event.app, [event, ...event.priors]))),
  ]);
  const completions = batch.map(({ event, decidedVersion }) => completionOf(event, decidedVersion));
  return new Set(await context.events.complete(completions));
}

/** Widens the profiles of the users whom live events belong to. */
function observeProfiles({ profileEffects }: IngestionContext, batch: readonly PendingEvent[]): Promise<void> {
  const counted = batch.filter(({ event }) => !event.late && event.appUserId !== "");
  return profileEffects.observe(
    counted.map(({ event, profileVersion }) => ({
      app: event.app,
      appUserId: event.appUserId,
      event,
      expectedVersion: isFloating(event) ? profileVersion : undefined,
    })),
  );
}

function completionOf({ fingerprint, attributionVersion }: StoredEvent, decidedVersion: number): Completion {
  return { fingerprint, expectedAttributionVersion: attributionVersion, attributionVersion: decidedVersion };
}

/**
 * Tells the devices of all events, then decides and stores whom the floating ones belong to; leaves out those that others
 * changed, and those that name their user.
 *
 * @param options.isRepeated the devices have been told; told again, what floats there would be due again, and those who
 * settle that would change these events again
 */
async function decideAttributions(
  context: IngestionContext,
  onDevices: readonly PendingEvent[],
  { due, isRepeated }: { readonly due: DueDevice[]; readonly isRepeated: boolean },
): Promise<DecidedEvent[]> {
  if (onDevices.length === 0) return [];
  const decided: DecidedEvent[] = [];
  const told = isRepeated ? await scopesNow(context, onDevices) : await tellDevices(context, onDevices);
  const changes: (DecidedEvent & { readonly attribution: AttributionChange })[] = [];
  const dueScopes = new Set<AttributionScope>();
  for (const [i, pending] of onDevices.entries()) {
    const { event } = pending;
    const { scope, outcome } = told[i]!;
    if (scope.due !== undefined && !dueScopes.has(scope)) {
      dueScopes.add(scope);
      due.push({ app: event.app, deviceKey: event.deviceKey, scope });
    }
    if (!isFloating(event)) continue;
    const decidedVersion = Number(scope.version);
    // A newer version of the device has decided already; begin again with what it stored.
    if (event.attributionVersion > decidedVersion) continue;
    const to = await attributionOf(context, event, { outcome, scope });
    if (isAttributedTo(event, to)) {
      decided.push({ ...pending, decidedVersion });
      continue;
    }
    const profileVersion = context.profileEffects.lastVersion({ app: event.app, appUserId: to.appUserId });
    changes.push({
      event: reattributed(event, to, decidedVersion),
      profileVersion,
      decidedVersion,
      attribution: { event, ...to, attributionVersion: decidedVersion },
    });
  }
  if (changes.length === 0) return decided;
  const refused = new Set(
    await context.events.attribute(
      changes.map(({ attribution }) => attribution),
      context.clock.now(),
    ),
  );
  return [...decided, ...changes.filter(({ event }) => !refused.has(event.fingerprint))];
}

/** A device after it has heard of an event, and what it says of whom the event belongs to. */
interface Told {
  readonly scope: AttributionScope;
  readonly outcome: Pick<ObservationOutcome, "attribution" | "ownerAppUserId">;
}

async function tellDevices({ devices }: IngestionContext, batch: readonly PendingEvent[]): Promise<Told[]> {
  const { outcomes, scopes } = await devices.observeDevices({
    observations: batch.map(({ event }) => observation(event)),
  });
  return outcomes.map((outcome) => ({ outcome, scope: scopes[outcome.scope]! }));
}

/** The devices as they are by now; they leave it to the stored events whom these belong to. */
async function scopesNow({ devices }: IngestionContext, batch: readonly PendingEvent[]): Promise<Told[]> {
  const byKey = new Map<string, AttributionScope>();
  for (const [app, ofApp] of Map.groupBy(batch, ({ event }) => event.app)) {
    const deviceKeys = [...new Set(ofApp.map(({ event }) => event.deviceKey))];
    const { scopes } = await devices.getAttributionScopes({ ...parseAppKey(app), deviceKeys });
    for (const scope of scopes) for (const key of scope.deviceKeys) byKey.set(`${app}/${key}`, scope);
  }
  return batch.map(({ event }) => {
    const scope = byKey.get(`${event.app}/${event.deviceKey}`);
    if (scope === undefined) throw new Error("a device that was told of an event is not known");
    return { scope, outcome: { attribution: HowAttributed.BY_TIMELINE, ownerAppUserId: "" } };
  });
}

async function attributionOf(
  context: IngestionContext,
  event: StoredEvent,
  { outcome, scope }: Told,
): Promise<Attribution> {
  switch (outcome.attribution) {
    case HowAttributed.ANONYMOUS_PROFILE:
      return anonymousProfile(scope);
    case HowAttributed.OWNER:
      return { appUserId: outcome.ownerAppUserId, attributedBy: "" };
    case HowAttributed.WAITING:
      return waiting;
    case HowAttributed.BY_TIMELINE:
      return new Timeline(context.events, event.app, scope).attribute(event);
    default:
      throw new Error(`the device service left a floating event unattributed (${outcome.attribution})`);
  }
}

/** Those of the events that still have effects outstanding, as they are stored now. */
async function stillPending(context: IngestionContext, batch: readonly PendingEvent[]): Promise<PendingEvent[]> {
  const byApp = Map.groupBy(batch, ({ event }) => event.app);
  const current = await Promise.all(
    [...byApp].map(([app, ofApp]) =>
      context.events.getAll(
        app,
        ofApp.map(({ event }) => event.fingerprint),
      ),
    ),
  );
  // Version 0: whatever was known of the profile may be older than the change, so it is computed anew.
  return current
    .flatMap((events) => [...events.values()])
    .filter(({ pending }) => pending)
    .map((event) => ({ event, profileVersion: 0 }));
}
