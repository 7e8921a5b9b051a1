import type { DeviceState } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { FloatingPush } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { AppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { Attribution } from "../event.ts";
import { type DeviceSurvey, deviceFindings, isDue, keysOf, misattributed } from "./device-fields.ts";
import type { Finding } from "./finding.ts";
import { entryOf, journalFindings, storedEntries } from "./journal-findings.ts";
import { type RecomputedDevice, recomputeDevice } from "./recompute-device.ts";
import { eventPages, floatingPushPages, type TimelineEvent } from "./timeline-event.ts";

/** Events, or pushes, of one device that are held in memory at once; beyond that they are looked up. */
export const WHOLE_DEVICE = 5_000;

interface Loaded {
  readonly events: readonly TimelineEvent[];
  readonly pushes: readonly FloatingPush[];
}

/**
 * Loads all that is stored of a device and compares everything that is derived from it with a plain computation.
 *
 * @returns undefined where the device has more than {@link WHOLE_DEVICE} events or pushes
 */
export async function surveyDevice(
  context: IngestionContext,
  app: AppKey,
  state: DeviceState,
): Promise<DeviceSurvey | undefined> {
  const loaded = await loadWhole(context, app, keysOf(state));
  if (loaded === undefined) return undefined;
  const { events, pushes } = loaded;
  const all = recomputeDevice({ events, pushes, state });
  const hasPending = events.some(({ pending }) => pending) || pushes.some(({ pending }) => pending);
  const settled = hasPending ? recomputeDevice({ ...withoutPending(loaded), state }) : undefined;
  return {
    derived: all,
    findings: [
      ...deviceFindings(state, all, settled),
      ...events.flatMap((event) => eventFindings(event, { state, all, settled })),
      ...pushes.flatMap((push) => pushFindings(push, { state, all, settled })),
      ...(await entryFindings(context, app, loaded)),
    ],
  };
}

async function loadWhole(
  context: IngestionContext,
  app: AppKey,
  deviceKeys: readonly string[],
): Promise<Loaded | undefined> {
  const events: TimelineEvent[] = [];
  for (const deviceKey of deviceKeys) {
    for await (const page of eventPages(context, app, { deviceKey })) {
      events.push(...page);
      if (events.length > WHOLE_DEVICE) return undefined;
    }
  }
  const pushes: FloatingPush[] = [];
  for await (const page of floatingPushPages(context, app, deviceKeys)) {
    pushes.push(...page);
    if (pushes.length > WHOLE_DEVICE) return undefined;
  }
  return { events, pushes };
}

function withoutPending({ events, pushes }: Loaded): Loaded {
  return { events: events.filter(({ pending }) => !pending), pushes: pushes.filter(({ pending }) => !pending) };
}

interface Computed {
  readonly state: DeviceState;
  readonly all: RecomputedDevice;
  readonly settled: RecomputedDevice | undefined;
}

function eventFindings(event: TimelineEvent, { state, all, settled }: Computed): Finding[] {
  const { fingerprint } = event;
  const explained =
    event.pending || isDue(state, event.effectiveMs) || isSame(settled?.eventOwners.get(fingerprint), event);
  return misattributed({ kind: "event", subject: fingerprint, explained }, all.eventOwners.get(fingerprint)!, event);
}

function pushFindings(push: FloatingPush, { state, all, settled }: Computed): Finding[] {
  const { trackingToken, attribution, pending } = push;
  const explained =
    pending || isDue(state, push.sentTimeMs) || isSame(settled?.pushOwners.get(trackingToken), attribution);
  const thing = { kind: "push", subject: trackingToken, explained } as const;
  return misattributed(thing, all.pushOwners.get(trackingToken)!, attribution);
}

function isSame(a: Attribution | undefined, b: Attribution | undefined): boolean {
  return a !== undefined && a.appUserId === b?.appUserId && a.attributedBy === b.attributedBy;
}

/** The journal entries of all causes that anything of the device is attributed by. */
async function entryFindings(context: IngestionContext, app: AppKey, { events, pushes }: Loaded): Promise<Finding[]> {
  const byFingerprint = new Map(events.map((event) => [event.fingerprint, event]));
  const eventCounts = Map.groupBy(events, ({ attributedBy }) => attributedBy);
  const pushCounts = Map.groupBy(pushes, ({ attribution }) => attribution?.attributedBy ?? "");
  const unsettled = causesOfPending({ events, pushes });
  const causes = [...new Set([...eventCounts.keys(), ...pushCounts.keys()])].filter((cause) => cause !== "");
  const stored = await storedEntries(context, app, causes);
  return causes.flatMap((cause) => {
    const counts = {
      eventCount: eventCounts.get(cause)?.length ?? 0,
      pushCount: pushCounts.get(cause)?.length ?? 0,
    };
    const expected = entryOf(byFingerprint.get(cause), counts);
    return journalFindings(cause, { expected, actual: stored.get(cause), explained: unsettled.has(cause) });
  });
}

/** Causes whose entries are to be computed anew, for something that changed hands. */
function causesOfPending({ events, pushes }: Loaded): Set<string> {
  const attributions = [
    ...events.filter(({ pending }) => pending).flatMap((event) => [event, ...event.priors]),
    ...pushes.filter(({ pending }) => pending).flatMap(({ attribution, priors }) => [attribution, ...priors]),
  ];
  return new Set(attributions.map((attribution) => attribution?.attributedBy ?? ""));
}
