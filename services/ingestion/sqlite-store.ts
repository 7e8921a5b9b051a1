import type { AppKey } from "../runtime/app-key.ts";
import type { SqliteDatabase } from "../storage/sqlite-database.ts";
import { borderOf, deviceEventNameOf } from "./borders.ts";
import { keptParameters } from "./definition-parameters.ts";
import { deviceClass, userClass } from "./event-class.ts";
import { beforePlace, beforeTime, floatingRange, fromTime, listRange, type OrderRange } from "./event-order.ts";
import { profileStateOf } from "./profile-state.ts";
import { eventPrograms, type Named } from "./sqlite-programs.ts";
import { listShape } from "./sqlite-queries.ts";
import { attributionRow, newEventRow, storedEventOf } from "./sqlite-rows.ts";
import type { EventFilter, EventStore } from "./store.ts";

/**
 * The event store in a SQLite database, whose tables are created where they are missing. Every call is atomic,
 * although the port promises less.
 */
export async function sqliteEventStore(database: SqliteDatabase): Promise<EventStore> {
  const programs = await database.load(eventPrograms);

  async function ofDevices(
    parts: Named[],
    {
      range,
      direction,
      limit,
    }: { readonly range: OrderRange; readonly direction: "ASC" | "DESC"; readonly limit: number },
  ) {
    const shape = { source: "device", direction, remaining: [] } as const;
    return (await programs.events({ shape, parts, range, limit })).map(storedEventOf);
  }

  return {
    insert: (events) => programs.insert(events.map(newEventRow)),

    async listPending({ afterMs = 0, beforeMs = Number.MAX_SAFE_INTEGER, limit }) {
      return (await programs.pending({ afterMs, beforeMs, limit })).map(storedEventOf);
    },
    pendingOfDevices: async (app, deviceKeys, limit) =>
      (await programs.pendingOfDevices({ app, deviceKeys, limit })).map(storedEventOf),
    oldestPendingMs: async () => (await programs.oldestPending()).since ?? undefined,

    complete: (completions) => programs.complete(completions),
    attribute: (changes, pendingSinceMs) =>
      programs.attribute({ changes: changes.map(attributionRow), pendingSinceMs }),

    floating(app, deviceKeys, range) {
      const parts = deviceParts(app, deviceKeys, [deviceClass.anonymous, deviceClass.otherFloating]);
      return ofDevices(parts, { range: floatingRange(range), direction: "ASC", limit: range.limit });
    },
    async borderAtOrAfter(app, deviceKeys, ms) {
      const parts = deviceParts(app, deviceKeys, [deviceClass.identified]);
      const [border] = await ofDevices(parts, { range: fromTime(ms), direction: "ASC", limit: 1 });
      return border && borderOf(border);
    },
    async borderBefore(app, deviceKeys, before) {
      const parts = deviceParts(app, deviceKeys, [deviceClass.identified]);
      const [border] = await ofDevices(parts, { range: beforePlace(before), direction: "DESC", limit: 1 });
      return border && borderOf(border);
    },
    async deviceEventBefore(app, deviceKeys, before) {
      const parts = deviceParts(app, deviceKeys, [deviceClass.identified, deviceClass.anonymous]);
      const [event] = await ofDevices(parts, { range: beforePlace(before), direction: "DESC", limit: 1 });
      return event && deviceEventNameOf(event);
    },
    async profileState(app, appUserId) {
      const rows = await programs.profileEvents({ app, appUserId });
      return profileStateOf(rows.map((row) => row && storedEventOf(row)));
    },

    deviceKeys: (query) => programs.deviceKeys(query),
    users: (query) => programs.users(query),

    countAttributedBy: (app, fingerprints) => programs.countAttributedBy({ app, fingerprints }),
    async listBefore({ app, beforeMs, after, limit }) {
      const shape = { source: "time", direction: "ASC", remaining: [] } as const;
      const call = { shape, parts: [{ app }], range: beforeTime(beforeMs, after), limit };
      return (await programs.events(call)).map(storedEventOf);
    },
    expire: (app, events) =>
      programs.expire({
        app,
        events: events.map(({ fingerprint, attributionVersion }) => ({ fingerprint, attributionVersion })),
      }),
    remove: (removal) => programs.remove(removal),

    async get(app, fingerprint) {
      const row = await programs.get({ app, fingerprint });
      return row && storedEventOf(row);
    },
    async getAll(app, fingerprints) {
      const rows = await programs.getAll({ app, fingerprints });
      return new Map(rows.map((row) => [row.fingerprint, storedEventOf(row)]));
    },
    async list(query) {
      const call = {
        shape: listShape(query.filter),
        parts: listParts(query.app, query.filter),
        range: listRange(query),
      };
      return (await programs.events({ ...call, limit: query.limit })).map(storedEventOf);
    },

    observeDefinitions: (observations) =>
      programs.observeDefinitions(
        observations.map((observation) => ({ ...observation, parameters: keptParameters(observation) })),
      ),
    listDefinitions: (query) => programs.definitions(query),
    definitionsNamed: (app, eventNames) => programs.definitionsNamed({ app, eventNames }),
    listDefinitionNames: (query) => programs.definitionNames(query),

    healthy: () => database.healthy(),
  };
}

function deviceParts(app: AppKey, deviceKeys: readonly string[], classes: readonly number[]): Named[] {
  return deviceKeys.flatMap((deviceKey) => classes.map((number) => ({ app, deviceKey, class: number })));
}

/** The parameters that {@link listShape}'s query has, and no others. */
function listParts(app: AppKey, { deviceKey, appUserId, eventName }: EventFilter): Named[] {
  const filters: Named = {
    app,
    ...(deviceKey !== undefined && { deviceKey }),
    ...(appUserId !== undefined && { appUserId }),
    ...(eventName !== undefined && { eventName }),
  };
  const classes =
    deviceKey !== undefined ? Object.values(deviceClass) : appUserId !== undefined ? Object.values(userClass) : [];
  return classes.length === 0 ? [filters] : classes.map((number) => ({ ...filters, class: number }));
}
