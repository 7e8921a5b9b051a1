import { type EventCursor, freshlyStored, type StoredEvent } from "../../../services/ingestion/event.ts";
import { type DefinitionObservation, type EventStore, maxParameters } from "../../../services/ingestion/store.ts";

interface Entry {
  event: StoredEvent;
  since: number | undefined;
}

interface Definition {
  readonly app: string;
  readonly name: string;
  first: number;
  last: number;
  readonly types: Map<string, Set<string>>;
}

/** What an event store is to do, the simplest way: every question looks at every event. */
export function modelEventStore(): EventStore {
  const entries = new Map<string, Entry>();
  const definitions = new Map<string, Definition>();
  const all = (wanted: (event: StoredEvent) => boolean) =>
    [...entries.values()]
      .map(({ event }) => event)
      .filter(wanted)
      .sort(byOrder);
  const onDevices = (app: string, keys: readonly string[]) => (event: StoredEvent) =>
    event.app === app && keys.includes(event.deviceKey);
  const isDeviceEvent = (event: StoredEvent) => event.role === "identified" || event.role === "anonymous";

  return {
    insert: async (events) =>
      events.map((event) => {
        if (entries.has(event.fingerprint)) return "duplicate";
        entries.set(event.fingerprint, { event: freshlyStored(event), since: event.receivedMs });
        return "stored";
      }),
    listPending: async ({ afterMs = 0, beforeMs = Number.MAX_SAFE_INTEGER, limit }) =>
      [...entries.values()]
        .filter(({ since }) => since !== undefined && since > afterMs && since < beforeMs)
        .sort((a, b) => a.since! - b.since!)
        .map(({ event }) => event)
        .slice(0, limit),
    pendingOfDevices: async (app, keys, limit) =>
      all((event) => event.pending && onDevices(app, keys)(event)).slice(0, limit),
    oldestPendingMs: async () => {
      const since = [...entries.values()].flatMap((entry) => entry.since ?? []);
      return since.length === 0 ? undefined : Math.min(...since);
    },
    listBefore: async ({ app, beforeMs, after, limit }) =>
      all(
        (event) =>
          event.app === app && event.effectiveMs < beforeMs && (after === undefined || byOrder(event, after) > 0),
      ).slice(0, limit),
    expire: async (app, events) =>
      events.filter(({ fingerprint, attributionVersion }) => {
        const event = entries.get(fingerprint)?.event;
        if (event?.app !== app || event.pending || event.attributionVersion !== attributionVersion) return false;
        return entries.delete(fingerprint);
      }).length,
    complete: async (completions) =>
      completions
        .filter(({ fingerprint, expectedAttributionVersion, attributionVersion }) => {
          const entry = entries.get(fingerprint);
          if (entry === undefined) return true;
          if (entry.event.attributionVersion !== expectedAttributionVersion) {
            return entry.event.pending || entry.event.attributionVersion !== attributionVersion;
          }
          entry.event = { ...entry.event, attributionVersion, pending: false, priors: [] };
          entry.since = undefined;
          return false;
        })
        .map(({ fingerprint }) => fingerprint),
    attribute: async (changes, sinceMs) =>
      changes
        .filter(
          ({ event: { fingerprint, attributionVersion: expected }, appUserId, attributedBy, attributionVersion }) => {
            const entry = entries.get(fingerprint);
            if (entry === undefined) return true;
            const { event } = entry;
            const unmoved = event.appUserId === appUserId && event.attributedBy === attributedBy;
            if (event.attributionVersion !== expected)
              return !unmoved || event.attributionVersion !== attributionVersion;
            const prior = { appUserId: event.appUserId, attributedBy: event.attributedBy };
            const known = event.priors.some((each) => JSON.stringify(each) === JSON.stringify(prior));
            const priors = unmoved || known || prior.appUserId === "" ? event.priors : [...event.priors, prior];
            entry.event = { ...event, appUserId, attributedBy, attributionVersion, pending: true, priors };
            entry.since = Math.min(entry.since ?? sinceMs, sinceMs);
            return false;
          },
        )
        .map(({ event }) => event.fingerprint),
    floating: async (app, keys, { fromMs, toMs, after, limit }) =>
      all(onDevices(app, keys))
        .filter(({ role }) => role === "anonymous" || role === "hash")
        .filter(({ effectiveMs }) => effectiveMs >= fromMs && effectiveMs <= toMs)
        .filter((event) => after === undefined || byOrder(event, after) > 0)
        .slice(0, limit),
    borderAtOrAfter: async (app, keys, ms) => {
      const border = all(onDevices(app, keys)).find(
        ({ role, late, effectiveMs }) => role === "identified" && !late && effectiveMs >= ms,
      );
      if (border === undefined) return undefined;
      const { effectiveMs, fingerprint, sentAppUserId } = border;
      return { effectiveMs, fingerprint, appUserId: sentAppUserId };
    },
    borderBefore: async (app, keys, before) => {
      const border = all(onDevices(app, keys)).findLast(
        (event) => event.role === "identified" && !event.late && byOrder(event, before) < 0,
      );
      if (border === undefined) return undefined;
      const { effectiveMs, fingerprint, sentAppUserId } = border;
      return { effectiveMs, fingerprint, appUserId: sentAppUserId };
    },
    deviceEventBefore: async (app, keys, before) => {
      const found = all(onDevices(app, keys)).findLast(
        (event) => isDeviceEvent(event) && !event.late && byOrder(event, before) < 0,
      );
      if (found === undefined) return undefined;
      const { effectiveMs, fingerprint, sentAppUserId, eventName } = found;
      return { effectiveMs, fingerprint, sentAppUserId, eventName };
    },
    profileState: async (app, appUserId) => {
      const live = all((event) => event.app === app && event.appUserId === appUserId && !event.late);
      const [first, last] = [live.at(0), live.at(-1)];
      if (first === undefined || last === undefined) return undefined;
      const times = { firstSeenMs: first.effectiveMs, lastSeenMs: last.effectiveMs };
      const device = live.findLast(isDeviceEvent);
      if (device === undefined) return times;
      const { effectiveMs, fingerprint, platform, pushPermissionGranted, timezone, language, country } = device;
      const attributes = { effectiveMs, fingerprint, platform, pushPermissionGranted, timezone, language, country };
      return { ...times, attributes };
    },
    deviceKeys: async ({ app, after, limit }) => {
      const keys = all((event) => event.app === app).map(({ deviceKey }) => deviceKey);
      return [...new Set(keys)]
        .filter((key) => key > after)
        .sort()
        .slice(0, limit);
    },
    users: async ({ app, after, limit }) => {
      const users = all((event) => event.app === app).map(({ appUserId }) => appUserId);
      return [...new Set(users)]
        .filter((user) => byCodePoints(user, after) > 0)
        .sort(byCodePoints)
        .slice(0, limit);
    },
    countAttributedBy: async (app, fingerprints) =>
      fingerprints.map((fingerprint) => all((event) => event.app === app && event.attributedBy === fingerprint).length),
    remove: async ({ app, fingerprints, appUserId, receivedUpToMs }) => {
      const removed = all(
        (event) =>
          event.app === app &&
          event.appUserId === appUserId &&
          event.receivedMs <= receivedUpToMs &&
          fingerprints.includes(event.fingerprint),
      );
      for (const { fingerprint } of removed) entries.delete(fingerprint);
      return removed.length;
    },
    get: async (app, fingerprint) => {
      const event = entries.get(fingerprint)?.event;
      return event?.app === app ? event : undefined;
    },
    getAll: async (app, fingerprints) => {
      const found = all((event) => event.app === app && fingerprints.includes(event.fingerprint));
      return new Map(found.map((event) => [event.fingerprint, event]));
    },
    list: async ({ app, filter, after, limit }) =>
      all((event) => event.app === app)
        .reverse()
        .filter((event) => filter.appUserId === undefined || event.appUserId === filter.appUserId)
        .filter((event) => filter.deviceKey === undefined || event.deviceKey === filter.deviceKey)
        .filter((event) => filter.eventName === undefined || event.eventName === filter.eventName)
        .filter((event) => filter.startMs === undefined || event.effectiveMs >= filter.startMs)
        .filter((event) => filter.endMs === undefined || event.effectiveMs < filter.endMs)
        .filter((event) => after === undefined || byOrder(event, after) < 0)
        .slice(0, limit),
    observeDefinitions: async (observations) => {
      for (const observation of observations) observe(definitions, observation);
    },
    listDefinitions: async ({ app, afterName, limit }) =>
      [...definitions.values()]
        .filter((definition) => definition.app === app && byCodePoints(definition.name, afterName) > 0)
        .sort((a, b) => byCodePoints(a.name, b.name))
        .slice(0, limit)
        .map(({ name, first, last, types }) => ({
          eventName: name,
          firstSeenMs: first,
          lastSeenMs: last,
          parameters: [...types]
            .sort(([a], [b]) => byCodePoints(a, b))
            .slice(0, maxParameters)
            .map(([name, set]) => ({ name, types: [...set].sort() })),
          eventCount: all((event) => event.app === app && event.eventName === name).length,
        })),
    async definitionsNamed(app, names) {
      const all = await this.listDefinitions({ app, afterName: "", limit: Number.MAX_SAFE_INTEGER });
      return all.filter(({ eventName }) => names.includes(eventName)).map(({ eventCount: _, ...kept }) => kept);
    },
    listDefinitionNames: async ({ app, afterName, limit }) =>
      [...definitions.values()]
        .filter((definition) => definition.app === app && byCodePoints(definition.name, afterName) > 0)
        .map(({ name }) => name)
        .sort(byCodePoints)
        .slice(0, limit),
    healthy: async () => true,
  };
}

function byOrder(a: EventCursor, b: EventCursor): number {
  return a.effectiveMs - b.effectiveMs || (a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0);
}

function byCodePoints(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => Array.from(text, (character) => character.codePointAt(0)!));
  for (let i = 0; i < Math.min(left!.length, right!.length); i++) {
    if (left![i] !== right![i]) return left![i]! - right![i]!;
  }
  return left!.length - right!.length;
}

function observe(definitions: Map<string, Definition>, observation: DefinitionObservation): void {
  const { app, eventName: name, firstSeenMs, lastSeenMs, parameters } = observation;
  const key = `${app}/${name}`;
  const definition = definitions.get(key) ?? { app, name, first: firstSeenMs, last: lastSeenMs, types: new Map() };
  definitions.set(key, definition);
  definition.first = Math.min(definition.first, firstSeenMs);
  definition.last = Math.max(definition.last, lastSeenMs);
  for (const [parameter, types] of parameters) {
    definition.types.set(parameter, new Set([...(definition.types.get(parameter) ?? []), ...types]));
  }
}
