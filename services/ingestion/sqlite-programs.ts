import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { defineSqlitePrograms } from "../storage/sqlite-programs.ts";
import { type Attribution, type EventCursor, isSameAttribution, withPrior } from "./event.ts";
import { userClass } from "./event-class.ts";
import { compareInOrder, type OrderRange, wholeOrder } from "./event-order.ts";
import { definitionPrograms } from "./sqlite-definition-programs.ts";
import { eventQueries, insertEventSql, type RangeQueryShape, rangeSql } from "./sqlite-queries.ts";
import { type AttributionRow, type NewEventRow, parsePriors, type StoredEventRow } from "./sqlite-rows.ts";
import { createEventTables } from "./sqlite-schema.ts";
import type { Completion, DistinctQuery, InsertOutcome, Removal } from "./store.ts";

/** Parameters of a statement by name. */
export type Named = Record<string, SQLInputValue>;

/** A read of one range for each of `parts`, merged: the first `limit` events of them all. */
export interface RangeCall {
  readonly shape: RangeQueryShape;
  /** What tells the parts of the index apart, and the remaining filters; `app` among them. */
  readonly parts: readonly Named[];
  readonly range: OrderRange;
  readonly limit: number;
}

type Place = EventCursor & { readonly id: number };

interface CurrentAttribution extends Attribution {
  readonly id: number;
  readonly attributionVersion: number;
  readonly pendingSince: number | null;
  readonly priors: string | null;
}

/** The event store's statements, run in the database's thread. */
export const eventPrograms = defineSqlitePrograms({
  name: "events",
  migrate: createEventTables,
  prepare(db) {
    const rangeStatement = rangeStatements(db);
    const appIdOf = appIds(db);
    const definitions = definitionPrograms(db, appIdOf);
    const insertEvent = db.prepare(insertEventSql);
    const complete = db.prepare(eventQueries.complete);
    const attributionOf = db.prepare(eventQueries.attributionOf);
    const attribute = db.prepare(eventQueries.attribute);
    const remove = db.prepare(eventQueries.remove);
    const expire = db.prepare(eventQueries.expire);
    const nextDeviceKey = db.prepare(eventQueries.nextDeviceKey);
    const nextUser = db.prepare(eventQueries.nextUser);
    const countByCause = db.prepare(eventQueries.countByCause);
    const byId = db.prepare(eventQueries.byId);
    const byFingerprint = db.prepare(eventQueries.byFingerprint);
    const pending = db.prepare(eventQueries.pending);
    const pendingOfDevice = db.prepare(eventQueries.pendingOfDevice);
    const oldestPending = db.prepare(eventQueries.oldestPending);

    function currentAttribution(fingerprint: string) {
      return attributionOf.get({ fingerprint }) as CurrentAttribution | undefined;
    }

    function places({ shape, parts, range, limit }: RangeCall): Place[] {
      const select = rangeStatement(shape);
      const bounds = {
        afterMs: range.after.effectiveMs,
        afterFingerprint: range.after.fingerprint,
        beforeMs: range.before.effectiveMs,
        beforeFingerprint: range.before.fingerprint,
        limit,
      };
      const sign = shape.direction === "ASC" ? 1 : -1;
      const found = parts.flatMap((part) => select.all({ ...part, ...bounds }) as unknown as Place[]);
      return found.sort((a, b) => sign * compareInOrder(a, b)).slice(0, limit);
    }

    function eventOfUser(user: Named, direction: "ASC" | "DESC", classes: readonly number[]) {
      const shape = { source: "user", direction, remaining: [] } as const;
      const parts = classes.map((number) => ({ ...user, class: number }));
      const [place] = places({ shape, parts, range: wholeOrder, limit: 1 });
      return place && (byId.get({ id: place.id }) as StoredEventRow);
    }

    return {
      writes: {
        insert(rows: readonly NewEventRow[]): InsertOutcome[] {
          const ids = new Map<string, number>();
          return rows.map(([fingerprint, app, ...rest]) => {
            const appId = ids.get(app) ?? appIdOf(app);
            ids.set(app, appId);
            return insertEvent.run(fingerprint, appId, ...rest).changes === 1 ? "stored" : "duplicate";
          });
        },
        /** Fingerprints not completed. */
        complete: (completions: readonly Completion[]): string[] =>
          completions
            .filter((completion) => {
              if (complete.run({ ...completion }).changes === 1) return false;
              const current = currentAttribution(completion.fingerprint);
              return current?.attributionVersion !== completion.attributionVersion || current.pendingSince !== null;
            })
            .map(({ fingerprint }) => fingerprint),
        /** Fingerprints not written. */
        attribute({
          changes,
          pendingSinceMs,
        }: {
          changes: readonly AttributionRow[];
          pendingSinceMs: number;
        }): string[] {
          return changes
            .filter(({ fingerprint, expectedAttributionVersion, from, to, attributionVersion }) => {
              const current = currentAttribution(fingerprint);
              if (current === undefined) return true;
              if (current.attributionVersion !== expectedAttributionVersion) {
                return current.attributionVersion !== attributionVersion || !isSameAttribution(current, to);
              }
              const priors = withPrior(parsePriors(current.priors), from, to);
              attribute.run({
                ...to,
                id: current.id,
                attributionVersion,
                pendingSince: Math.min(current.pendingSince ?? pendingSinceMs, pendingSinceMs),
                priors: priors.length === 0 ? null : JSON.stringify(priors),
              });
              return false;
            })
            .map(({ fingerprint }) => fingerprint);
        },
        /** How many were removed. */
        expire: ({
          app,
          events,
        }: {
          app: string;
          events: readonly { fingerprint: string; attributionVersion: number }[];
        }): number => events.filter((event) => expire.run({ app, ...event }).changes === 1).length,
        /** How many were removed. */
        remove: ({ fingerprints, ...condition }: Removal): number =>
          fingerprints.filter((fingerprint) => remove.run({ ...condition, fingerprint }).changes === 1).length,
        ...definitions.writes,
      },
      reads: {
        /** The events themselves are read only once it is known which they are: they may be long. */
        events: (call: RangeCall): StoredEventRow[] => places(call).map(({ id }) => byId.get({ id }) as StoredEventRow),
        pending: (query: { afterMs: number; beforeMs: number; limit: number }) =>
          pending.all(query) as unknown as StoredEventRow[],
        pendingOfDevices({ app, deviceKeys, limit }: { app: string; deviceKeys: readonly string[]; limit: number }) {
          const found: StoredEventRow[] = [];
          for (const deviceKey of deviceKeys) {
            const rows = pendingOfDevice.all({ app, deviceKey, limit: limit - found.length });
            found.push(...(rows as unknown as StoredEventRow[]));
          }
          return found;
        },
        oldestPending: () => oldestPending.get() as { readonly since: number | null },
        deviceKeys: (query: DistinctQuery) => distinct(nextDeviceKey, query),
        users: (query: DistinctQuery) => distinct(nextUser, query),
        countAttributedBy: ({ app, fingerprints }: { app: string; fingerprints: readonly string[] }): number[] =>
          fingerprints.map((fingerprint) => Number(countByCause.get({ app, fingerprint })?.events)),
        get: (key: { app: string; fingerprint: string }) => byFingerprint.get(key) as StoredEventRow | undefined,
        getAll: ({ app, fingerprints }: { app: string; fingerprints: readonly string[] }): StoredEventRow[] =>
          fingerprints.flatMap((fingerprint) => byFingerprint.all({ app, fingerprint }) as unknown as StoredEventRow[]),
        /** A user's first, last and latest device event, the live ones; none where there is no first. */
        profileEvents(user: { app: string; appUserId: string }): (StoredEventRow | undefined)[] {
          const first = eventOfUser(user, "ASC", [userClass.liveDevice, userClass.liveServer]);
          if (first === undefined) return [];
          const last = eventOfUser(user, "DESC", [userClass.liveDevice, userClass.liveServer]);
          return [first, last, eventOfUser(user, "DESC", [userClass.liveDevice])];
        },
        ...definitions.reads,
      },
    };
  },
});

/** One look-up for each value, however many events have it. */
function distinct(next: StatementSync, { app, after, limit }: DistinctQuery): string[] {
  const values: string[] = [];
  while (values.length < limit) {
    const row = next.get({ app, after: values.at(-1) ?? after }) as { readonly value: string } | undefined;
    if (row === undefined) break;
    values.push(row.value);
  }
  return values;
}

/** Statements by what they read, prepared once. */
function rangeStatements(db: DatabaseSync): (shape: RangeQueryShape) => StatementSync {
  const prepared = new Map<string, StatementSync>();
  return (shape) => {
    const name = `${shape.source} ${shape.direction} ${shape.remaining}`;
    const statement = prepared.get(name) ?? db.prepare(rangeSql(shape));
    prepared.set(name, statement);
    return statement;
  };
}

/** Numbers of apps, given when an app is first seen. Not remembered here: the transaction that gave one may fail. */
function appIds(db: DatabaseSync): (app: string) => number {
  const select = db.prepare("SELECT id FROM event_apps WHERE app = ?");
  const insert = db.prepare("INSERT INTO event_apps (app) VALUES (?)");
  return (app) => Number(select.get(app)?.id ?? insert.run(app).lastInsertRowid);
}
