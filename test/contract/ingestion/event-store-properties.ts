import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventRole, StoredEvent } from "../../../services/ingestion/event.ts";
import type { EventFilter, EventStore } from "../../../services/ingestion/store.ts";
import { app, deviceKey, event, fingerprint, otherApp, start } from "./event-fixture.ts";
import { modelEventStore } from "./model-store.ts";
import type { StoreEngine } from "./stores.ts";

/** Something done to a store; what it answers has to be what the model answers. */
type Step = (store: EventStore) => Promise<unknown>;

const ids = fc.integer({ min: 0, max: 15 });
const devices = fc.constantFrom("phone", "tablet", "watch");
const users = fc.constantFrom("ann", "bob", "anon:phone");
const names = fc.constantFrom("opened", "bought");
/** Few of them, so that many events share one. */
const times = fc.integer({ min: -2, max: 5 }).map((n) => start + n);
const versions = fc.integer({ min: 0, max: 3 });
const limits = fc.constantFrom(1, 3, 100);
const deviceSets = fc.uniqueArray(devices.map(deviceKey), { maxLength: 3 });
const roles = fc.constantFrom<EventRole>("identified", "anonymous", "hash", "user");
/** A fingerprint covers the app, so that an id always is of the same one. */
const appOf = (id: number) => (id % 4 === 3 ? otherApp : app);
const apps = fc.constantFrom(app, app, otherApp);

const newEvents = fc
  .record({
    id: ids,
    device: devices,
    user: users,
    role: roles,
    late: fc.boolean(),
    effectiveMs: times,
    receivedMs: times,
    eventName: names,
  })
  .map(({ id, user, role, ...rest }) => {
    const named = role === "identified" || role === "user" ? user : "";
    return event({ ...rest, id, role, user: named, app: appOf(id), ...(role === "hash" && { appUserId: "" }) });
  });

const filters: fc.Arbitrary<EventFilter> = fc.record(
  { appUserId: users, deviceKey: devices.map(deviceKey), eventName: names, startMs: times, endMs: times },
  { requiredKeys: [] },
);
const cursors = fc.record({ effectiveMs: times, fingerprint: ids.map(fingerprint) });
const maybeAfter = fc.option(cursors, { nil: undefined }).map((after) => (after === undefined ? {} : { after }));

/** What `get` answers, however the attempt before it ended. */
async function current(store: EventStore, seeds: readonly number[]): Promise<StoredEvent[]> {
  const found = await Promise.all(seeds.map((id) => store.get(appOf(id), fingerprint(id))));
  return found.filter((stored) => stored !== undefined);
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(newEvents, { maxLength: 6 }).map(
      (batch): Step =>
        (store) =>
          store.insert(batch),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .uniqueArray(fc.record({ id: ids, expectedAttributionVersion: versions, attributionVersion: versions }), {
        selector: ({ id }) => id,
        maxLength: 4,
      })
      .map((items): Step => {
        const completions = items.map(({ id, ...rest }) => ({ ...rest, fingerprint: fingerprint(id) }));
        return async (store) => (await store.complete(completions)).sort();
      }),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        changes: fc.uniqueArray(
          fc.record({
            id: ids,
            stale: versions,
            appUserId: fc.oneof(users, fc.constant("")),
            attributionVersion: versions,
          }),
          { selector: ({ id }) => id, maxLength: 4 },
        ),
        sinceMs: times,
      })
      .map(({ changes, sinceMs }): Step => {
        return async (store) => {
          const stored = await current(
            store,
            changes.map(({ id }) => id),
          );
          const wanted = changes.flatMap(({ id, stale, ...to }) => {
            const found = stored.find((each) => each.fingerprint === fingerprint(id));
            if (found === undefined) return [];
            // Now and then by somebody who read an older version of the event.
            const read = stale === 3 ? { ...found, attributionVersion: found.attributionVersion + 1 } : found;
            const attributedBy = to.appUserId === "ann" ? fingerprint("login") : "";
            return [{ ...to, attributedBy, event: read }];
          });
          return (await store.attribute(wanted, sinceMs)).sort();
        };
      }),
  },
  fc.record({ beforeMs: times, afterMs: times }, { requiredKeys: [] }).map(
    (query): Step =>
      async (store) =>
        (await store.listPending({ ...query, limit: 100 })).map(comparable).sort(byFingerprint),
  ),
  fc.tuple(apps, deviceSets).map(
    ([app, keys]): Step =>
      async (store) =>
        (await store.pendingOfDevices(app, keys, 100)).map(comparable).sort(byFingerprint),
  ),
  fc.constant<Step>((store) => store.oldestPendingMs()),
  fc.tuple(apps, deviceSets, fc.record({ fromMs: times, toMs: times, limit: limits, cursor: maybeAfter })).map(
    ([app, keys, { cursor, ...range }]): Step =>
      async (store) =>
        (await store.floating(app, keys, { ...range, ...cursor })).map(comparable),
  ),
  fc.tuple(apps, deviceSets, times).map(
    ([app, keys, ms]): Step =>
      (store) =>
        store.borderAtOrAfter(app, keys, ms),
  ),
  fc.tuple(apps, deviceSets, cursors).map(
    ([app, keys, before]): Step =>
      (store) =>
        store.deviceEventBefore(app, keys, before),
  ),
  fc.tuple(apps, deviceSets, cursors).map(
    ([app, keys, before]): Step =>
      (store) =>
        store.borderBefore(app, keys, before),
  ),
  fc.tuple(apps, users).map(
    ([app, user]): Step =>
      (store) =>
        store.profileState(app, user),
  ),
  fc
    .record({
      app: apps,
      after: fc.oneof(
        fc.constant(""),
        deviceSets.map(([key = ""]) => key),
      ),
      limit: limits,
    })
    .map(
      (query): Step =>
        (store) =>
          store.deviceKeys(query),
    ),
  fc.record({ app: apps, after: fc.oneof(fc.constant(""), users), limit: limits }).map(
    (query): Step =>
      (store) =>
        store.users(query),
  ),
  fc.tuple(apps, fc.constantFrom(["login"], ["none", "login"], [])).map(
    ([app, seeds]): Step =>
      (store) =>
        store.countAttributedBy(app, seeds.map(fingerprint)),
  ),
  fc.record({ app: apps, appUserId: users, receivedUpToMs: times, removed: fc.uniqueArray(ids, { maxLength: 4 }) }).map(
    ({ removed, ...condition }): Step =>
      (store) =>
        store.remove({ ...condition, fingerprints: removed.map(fingerprint) }),
  ),
  {
    weight: 3,
    arbitrary: fc.record({ app: apps, filter: filters, limit: limits, cursor: maybeAfter }).map(
      ({ cursor, ...query }): Step =>
        async (store) =>
          (await store.list({ ...query, ...cursor })).map(comparable),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .uniqueArray(
        fc.record({
          app: apps,
          eventName: names,
          firstSeenMs: times,
          lastSeenMs: times,
          parameters: fc
            .array(
              fc.tuple(
                fc.constantFrom("$price", "a.b", "z", "ä"),
                fc.subarray(["string", "number", "null"], { minLength: 1 }),
              ),
            )
            .map((pairs) => new Map(pairs)),
        }),
        { selector: ({ app, eventName }) => app + eventName },
      )
      .map(
        (observations): Step =>
          (store) =>
            store.observeDefinitions(observations),
      ),
  },
  fc.tuple(apps, fc.constantFrom("", "bought"), limits).map(
    ([app, afterName, limit]): Step =>
      (store) =>
        store.listDefinitions({ app, afterName, limit }),
  ),
  fc.tuple(apps, fc.constantFrom("", "bought"), limits).map(
    ([app, afterName, limit]): Step =>
      (store) =>
        store.listDefinitionNames({ app, afterName, limit }),
  ),
  fc.tuple(apps, fc.constantFrom(["bought"], ["seen", "bought", "never"], [])).map(
    ([app, names]): Step =>
      async (store) =>
        (await store.definitionsNamed(app, names)).sort((a, b) => (a.eventName < b.eventName ? -1 : 1)),
  ),
);

function comparable(stored: StoredEvent) {
  return { ...stored, priors: stored.priors.map((prior) => JSON.stringify(prior)).sort() };
}

function byFingerprint(a: { readonly fingerprint: string }, b: { readonly fingerprint: string }): number {
  return a.fingerprint < b.fingerprint ? -1 : 1;
}

/** Compares a store with the model after every one of any steps, and all that is stored at the end. */
export function eventStoreProperties({ name, slow, open }: StoreEngine): void {
  describe(`any sequence of calls on ${name}`, () => {
    test("answers what a store that looks at every event would answer", { timeout: 120_000 }, async () => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: slow ? 20 : 60 }), async (steps) => {
        const { events, other, close } = await open();
        const model = modelEventStore();
        try {
          for (const [index, run] of steps.entries()) {
            expect(await run(index % 2 === 0 ? events : other)).toEqual(await run(model));
          }
          for (const listed of [app, otherApp]) {
            const query = { app: listed, filter: {}, limit: 1_000 };
            expect((await events.list(query)).map(comparable)).toEqual((await model.list(query)).map(comparable));
          }
        } finally {
          await close();
        }
      });
      await fc.assert(property, { numRuns: slow ? 15 : 40, endOnFailure: slow });
    });
  });
}
