/** A bug put into the real code on purpose, which the simulation has to find. */
export interface Mutation {
  /** What no longer holds. */
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Part of the name of the scenario that shows it; any of them where this is not given. */
  readonly scenario?: string;
}

/** Bugs that show where several do the same at once. */
const sharing = { scenario: "several people share devices" };
/** Bugs that show where operators unlink and erase. */
const unlinking = { scenario: "operators unlink people" };

export const mutations: readonly Mutation[] = [
  {
    name: "profiles of users that events were taken from are not computed anew",
    file: "services/ingestion/effects/apply-effects.ts",
    find: "event.priors.map(({ appUserId }) => ({ app: event.app, appUserId }))",
    replace: "[]",
  },
  {
    name: "a newer device version's decision is replaced by an older one",
    file: "services/ingestion/effects/settle-device.ts",
    find: "if (event.attributionVersion >= version) continue;",
    replace: "",
    ...unlinking,
  },
  {
    name: "settling finishes events that their device has not heard of",
    file: "services/ingestion/effects/settle-device.ts",
    find: "!event.pending && !refused.has(event.fingerprint)",
    replace: "!refused.has(event.fingerprint)",
  },
  {
    name: "the sweeper leaves devices alone whose attribution is due",
    file: "services/ingestion/effects/sweeper.ts",
    find: "await oneByOne(devices, settle,",
    replace: "await oneByOne(devices.slice(0, 0), settle,",
  },
  {
    name: "the sweeper leaves pending events alone",
    file: "services/ingestion/effects/sweeper.ts",
    find: "if (events.length === 0) return false;",
    replace: "if (events.length >= 0) return false;",
  },
  {
    name: "an unlinked user's events go on taking what is anonymous",
    file: "services/ingestion/effects/attribution.ts",
    find: "this.#scope.unlinkedAppUserIds.includes(border.appUserId)",
    replace: "false",
  },
  {
    name: "a device that was left stays its last user's for events by hash",
    file: "services/ingestion/effects/attribution.ts",
    find: ' || deviceEvent.eventName === "logged_out"',
    replace: "",
  },
  {
    name: "a refresh does not wait for effects that are outstanding",
    file: "services/ingestion/refresh-token.ts",
    find: "() => finishOutstanding(context, app, deviceKey)),",
    replace: "async () => undefined),",
  },
  {
    name: "floating events widen a profile whatever happened to it since",
    file: "services/ingestion/effects/apply-effects.ts",
    find: "expectedVersion: isFloating(event) ? profileVersion : undefined",
    replace: "expectedVersion: profileVersion < 0 ? profileVersion : undefined",
    ...sharing,
  },
  {
    name: "a login leaves what lies before it where it is",
    file: "services/device/observe.ts",
    find: 'return observation.kind === "identified"\n    ? hull(byOwner, movedByBorder(observation, device, before.floating))\n    : byOwner;',
    replace: "return byOwner;",
  },
  {
    name: "events by hash do not follow a device event that arrives late",
    file: "services/device/observe.ts",
    find: "return { fromMs: event.effectiveMs, toMs: hashToMs };",
    replace: "return null;",
  },
  {
    name: "the latest event of a device is the last to arrive",
    file: "services/device/observe.ts",
    find: "const latest = latestOf(device.latest, { effectiveMs, fingerprint, appUserId, ...observation.live });",
    replace: "const latest = { effectiveMs, fingerprint, appUserId, ...observation.live };",
  },
  {
    name: "a settled range is cleared although it was widened since",
    file: "services/device/mark-settled.ts",
    find: "settled(device, Number(request.dueVersion))",
    replace: "settled(device, device.due?.revision ?? 0)",
    ...sharing,
  },
  {
    name: "a device decides on what a process remembers, though nothing confirms it",
    file: "services/device/change-devices.ts",
    find: "const located = locate(context, keysOf(items), context.store.load);",
    replace: "const located = locate(context, keysOf(items), context.store.loadRecent);",
    ...sharing,
  },
  {
    name: "two devices that become one lose what the second knew",
    file: "services/device/join.ts",
    find: "handovers.reduce((into, from) => absorb(into, from, context.clock.now()), device)",
    replace: "device",
  },
  {
    name: "a profile without events leaves nothing behind",
    file: "services/identity/profiles/replace-profiles.ts",
    find: "expectedVersion: Number(expectedVersion),",
    replace: "expectedVersion: state === undefined ? -1 : Number(expectedVersion),",
  },
  {
    name: "the first time that a user was seen is a later one",
    file: "services/identity/profiles/profile.ts",
    find: "firstSeenMs: Math.min(",
    replace: "firstSeenMs: Math.max(",
  },
  {
    name: "pushes stay where they were when their device's past moves",
    file: "services/ingestion/effects/settle-device.ts",
    find: "      settlePushes(",
    replace: "      (async (..._: unknown[]) => undefined)(",
  },
  {
    name: "an event that was 30 days late has effects",
    file: "services/ingestion/effective-time.ts",
    find: "late: eventMs < receivedMs - LATE_AFTER_MS",
    replace: "late: false",
  },
  {
    name: "the merge journal is not kept in step with attributions",
    file: "services/ingestion/effects/apply-effects.ts",
    find: "context.journal.recompute(batch.flatMap(({ event }) => causesOf(event.app, [event, ...event.priors]))),",
    replace: "",
  },
  {
    name: "an open does not imply a delivery",
    file: "services/tracking/held-reports.ts",
    find: "least(least(progress.deliveredMs, report.deliveredMs), openedMs)",
    replace: "least(progress.deliveredMs, report.deliveredMs)",
  },
  {
    name: "reports are held for ever",
    file: "services/tracking/held-reports.ts",
    find: "return receivedMs < registeredMs - HOLD_MS;",
    replace: "return receivedMs < registeredMs - 100 * HOLD_MS;",
  },
  {
    name: "a report of another app's push counts",
    file: "services/tracking/report-pushes.ts",
    find: "const app = appKey(message);",
    replace: 'const app = appKey({ ...message, appId: "a" });',
  },
  {
    name: "a token that was reported invalid once stays so, whatever its device says later",
    file: "services/device/device.ts",
    find: "return report === undefined || report.receivedMs < latest.effectiveMs;",
    replace: "return report === undefined;",
  },
  {
    name: "a device whose latest event was erased goes back to its earlier owner",
    file: "services/device/rebuild.ts",
    find: "erased: latestOf(device.erased, place),",
    replace: "erased: device.erased,",
  },
  {
    name: "what a user who comes back takes is erased with what they had before",
    file: "services/ingestion/erase/remove-events.ts",
    find: "event.receivedMs <= requestedMs && !(removedOnce && isFloating(event))",
    replace: "event.receivedMs <= requestedMs",
    ...unlinking,
  },
  {
    name: "an erased user stays unlinked from devices without an event of theirs",
    file: "services/ingestion/erase/erase-user.ts",
    find: "if (!begun.removedOnce) await context.devices.endUserUnlinks",
    replace: 'if (appUserId === "") await context.devices.endUserUnlinks',
    ...unlinking,
  },
];
