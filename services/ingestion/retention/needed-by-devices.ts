import type { AttributionScope } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { StoredEvent } from "../event.ts";
import type { Pass } from "./retention-record.ts";

/** Floating events looked at after a device event for the first one that is not late. */
const LOOK_AHEAD = 50;
const EARLIEST_MS = -62_135_596_800_000;

/**
 * Events that a device, or the attribution of something that is still stored, rests on: of each token the last device event and
 * the last border, the border that whatever still floats before it is attributed by, the device event that tells who
 * owned the device at an event by hash, and all of a device that is not settled.
 *
 * @returns their fingerprints
 */
export async function neededByDevices(
  context: IngestionContext,
  pass: Pass,
  events: readonly StoredEvent[],
): Promise<Set<string>> {
  const needed = new Set<string>();
  const ofTokens = Map.groupBy(
    events.filter(({ deviceKey }) => deviceKey !== ""),
    ({ deviceKey }) => deviceKey,
  );
  if (ofTokens.size === 0) return needed;
  const deviceKeys = [...ofTokens.keys()];
  const { scopes } = await context.devices.getAttributionScopes({ ...parseAppKey(pass.app), deviceKeys });
  for (const [deviceKey, own] of ofTokens) {
    const scope = scopes.find((candidate) => candidate.deviceKeys.includes(deviceKey));
    if (scope === undefined) continue;
    const isSettled = scope.due === undefined && !(await hasPending(context, pass.app, scope));
    const stays = isSettled ? await neededByDevice(context, pass, { scope, deviceKey, events: own }) : own;
    for (const { fingerprint } of stays) needed.add(fingerprint);
  }
  return needed;
}

interface TokenEvents {
  readonly scope: AttributionScope;
  readonly deviceKey: string;
  readonly events: readonly StoredEvent[];
}

async function neededByDevice(
  { events: store, pushes }: IngestionContext,
  { app, beforeMs }: Pass,
  { scope: { deviceKeys }, deviceKey, events }: TokenEvents,
): Promise<StoredEvent[]> {
  const end = { effectiveMs: beforeMs, fingerprint: "" };
  const live = events.filter(({ late, role }) => !late && (role === "identified" || role === "anonymous"));
  if (live.length === 0) return [];
  const lasts = [
    await store.deviceEventBefore(app, [deviceKey], end),
    await store.borderBefore(app, [deviceKey], end),
  ].map((last) => last?.fingerprint);

  async function takes(border: StoredEvent): Promise<boolean> {
    const before = await store.borderBefore(app, deviceKeys, border);
    const range = { fromMs: before === undefined ? EARLIEST_MS : before.effectiveMs + 1, toMs: border.effectiveMs };
    if ((await store.floating(app, deviceKeys, { ...range, limit: 1 })).length > 0) return true;
    const request = { ...parseAppKey(app), deviceKeys: [...deviceKeys], ...range, limit: 1 };
    return (await pushes.listFloatingPushes(request)).pushes.length > 0;
  }

  async function tellsOwner(event: StoredEvent): Promise<boolean> {
    const range = { fromMs: event.effectiveMs, toMs: Number.MAX_SAFE_INTEGER, after: event, limit: LOOK_AHEAD };
    const following = (await store.floating(app, deviceKeys, range)).filter(
      ({ role, late }) => role === "hash" || !late,
    );
    const [next] = following;
    if (next === undefined) return false;
    // An anonymous event is a device event itself: the owner after it is told by that.
    if (next.role === "anonymous") return false;
    return (await store.deviceEventBefore(app, deviceKeys, next))?.fingerprint === event.fingerprint;
  }

  const stays: StoredEvent[] = [];
  for (const event of live) {
    const isLast = lasts.includes(event.fingerprint);
    if (isLast || (event.role === "identified" && (await takes(event))) || (await tellsOwner(event))) stays.push(event);
  }
  return stays;
}

async function hasPending({ events }: IngestionContext, app: AppKey, { deviceKeys }: AttributionScope) {
  return (await events.pendingOfDevices(app, deviceKeys, 1)).length > 0;
}
