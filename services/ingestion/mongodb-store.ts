import type { Collection } from "mongodb";
import type { MongodbDatabase } from "../storage/mongodb-database.ts";
import { distinctValues } from "../storage/mongodb-distinct.ts";
import { onMongodb } from "../storage/mongodb-errors.ts";
import { borderOf, deviceEventNameOf } from "./borders.ts";
import { deviceClass, userClass } from "./event-class.ts";
import { beforePlace, beforeTime, floatingRange, fromTime, listRange, wholeOrder } from "./event-order.ts";
import { countByCause } from "./mongodb-counts.ts";
import { mongodbDefinitions } from "./mongodb-definitions.ts";
import { type EventDocument, storedEventOf } from "./mongodb-documents.ts";
import {
  type EventQuery,
  eventIndexes,
  listQuery,
  ofDevices,
  ofUser,
  pendingOfDevices,
  pendingWithin,
} from "./mongodb-queries.ts";
import { attributeEvents, completeEvents, expireEvents, insertEvents, removeEvents } from "./mongodb-writes.ts";
import { profileStateOf } from "./profile-state.ts";
import type { EventStore } from "./store.ts";

interface Page {
  readonly sort: Readonly<Record<string, 1 | -1>>;
  readonly limit: number;
}

const ascending = { place: 1 } as const;
const descending = { place: -1 } as const;

/**
 * The event store in a MongoDB database, whose indexes are created where they are missing. Each event is atomic, and
 * every write is one command, or two where others changed the same events.
 */
export async function mongodbEventStore(database: MongodbDatabase): Promise<EventStore> {
  const events: Collection<EventDocument> = database.db.collection<EventDocument>("events");
  const definitions = mongodbDefinitions(database.db, events);
  // One at a time: FerretDB 1 breaks the connection when several that exist are asked for at once.
  for (const index of eventIndexes) await onMongodb(() => events.createIndexes([{ ...index }]));

  async function find({ filter, hint }: EventQuery, { sort, limit }: Page) {
    const found = events.find(filter, { hint }).sort(sort).limit(limit);
    return (await onMongodb(() => found.toArray())).map(storedEventOf);
  }

  async function first(query: EventQuery, sort: Page["sort"]) {
    return (await find(query, { sort, limit: 1 })).at(0);
  }

  return {
    insert: (batch) => insertEvents(events, batch),

    listPending: ({ limit, ...times }) => find(pendingWithin(times), { sort: { "pending.since": 1 }, limit }),
    pendingOfDevices: (app, deviceKeys, limit) => find(pendingOfDevices(app, deviceKeys), { sort: {}, limit }),
    async oldestPendingMs() {
      const query = events.find(
        { "pending.since": { $exists: true } },
        { hint: "pending", projection: { pending: 1 } },
      );
      const [oldest] = await onMongodb(() => query.sort({ "pending.since": 1 }).limit(1).toArray());
      return oldest?.pending?.since;
    },

    complete: (completions) => completeEvents(events, completions),
    attribute: (changes, pendingSinceMs) => attributeEvents(events, changes, pendingSinceMs),

    floating(app, deviceKeys, range) {
      const classes = [deviceClass.anonymous, deviceClass.otherFloating];
      const query = ofDevices({ app, deviceKeys }, classes, floatingRange(range));
      return find(query, { sort: ascending, limit: range.limit });
    },
    async borderAtOrAfter(app, deviceKeys, ms) {
      const border = await first(ofDevices({ app, deviceKeys }, [deviceClass.identified], fromTime(ms)), ascending);
      return border && borderOf(border);
    },
    async borderBefore(app, deviceKeys, before) {
      const query = ofDevices({ app, deviceKeys }, [deviceClass.identified], beforePlace(before));
      const border = await first(query, descending);
      return border && borderOf(border);
    },
    async deviceEventBefore(app, deviceKeys, before) {
      const classes = [deviceClass.identified, deviceClass.anonymous];
      const event = await first(ofDevices({ app, deviceKeys }, classes, beforePlace(before)), descending);
      return event && deviceEventNameOf(event);
    },
    async profileState(app, appUserId) {
      const live = ofUser({ app, appUserId }, [userClass.liveDevice, userClass.liveServer], wholeOrder);
      const device = ofUser({ app, appUserId }, [userClass.liveDevice], wholeOrder);
      return profileStateOf(
        await Promise.all([first(live, ascending), first(live, descending), first(device, descending)]),
      );
    },

    deviceKeys: ({ app, after, limit }) =>
      distinctValues(events, { filter: { app }, field: "deviceKey", hint: "by_device", after, limit }),
    users: ({ app, after, limit }) =>
      distinctValues(events, { filter: { app }, field: "appUserId", hint: "by_user", after, limit }),

    countAttributedBy: (app, fingerprints) => countByCause(events, app, fingerprints),
    listBefore: ({ app, beforeMs, after, limit }) =>
      find(listQuery(app, {}, beforeTime(beforeMs, after)), { sort: ascending, limit }),
    expire: (app, expired) => expireEvents(events, app, expired),
    remove: (removal) => removeEvents(events, removal),

    async get(app, fingerprint) {
      const found = await onMongodb(() => events.findOne({ _id: fingerprint, app }));
      return found === null ? undefined : storedEventOf(found);
    },
    async getAll(app, fingerprints) {
      if (fingerprints.length === 0) return new Map();
      const found = events.find({ _id: { $in: [...fingerprints] }, app });
      return new Map(
        (await onMongodb(() => found.toArray())).map((document) => [document._id, storedEventOf(document)]),
      );
    },
    list: (query) =>
      find(listQuery(query.app, query.filter, listRange(query)), { sort: descending, limit: query.limit }),

    observeDefinitions: (observations) => definitions.observe(observations),
    listDefinitions: (query) => definitions.list(query),
    definitionsNamed: (app, names) => definitions.named(app, names),
    listDefinitionNames: (query) => definitions.listNames(query),

    healthy: () => database.healthy(),
  };
}
