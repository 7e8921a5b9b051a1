import { type AnyBulkWriteOperation, type Collection, type Db, MongoBulkWriteError } from "mongodb";
import type { AppKey } from "../runtime/app-key.ts";
import { StoreUnavailableError } from "../runtime/store-unavailable-error.ts";
import { keyRange } from "../storage/key-range.ts";
import { duplicateKey, onMongodb, writeErrors } from "../storage/mongodb-errors.ts";
import { keptParameters, type ObservedParameter, parameterTypes, smallestNames } from "./definition-parameters.ts";
import type { EventDocument } from "./mongodb-documents.ts";
import type { EventIndex } from "./mongodb-queries.ts";
import type { DefinitionListQuery, DefinitionObservation, KeptDefinition, StoredDefinition } from "./store.ts";

interface DefinitionDocument {
  /** `tenant/app/name`: definitions are listed in its order. */
  readonly _id: string;
  readonly eventName: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** A set. Beyond what is kept of them until it becomes too long. */
  readonly parameters: readonly ObservedParameter[];
}

/**
 * Elements of `parameters` beyond which nothing is added before what cannot be kept was taken out: more than the 256
 * names of six types that are kept, and few enough for a document of 16 MB with what one observation adds.
 */
const FULL = 2_048;
/** Somebody else may fill a definition again, or create it, between two attempts. */
const ATTEMPTS = 10;

export interface MongodbDefinitions {
  observe(observations: readonly DefinitionObservation[]): Promise<void>;
  list(query: DefinitionListQuery): Promise<StoredDefinition[]>;
  named(app: AppKey, names: readonly string[]): Promise<KeptDefinition[]>;
  listNames(query: DefinitionListQuery): Promise<string[]>;
}

/** Event definitions in a collection of their own; counts come from `events`. */
export function mongodbDefinitions(db: Db, events: Collection<EventDocument>): MongodbDefinitions {
  const definitions = db.collection<DefinitionDocument>("event_definitions");

  /** One command. False where a definition is full, or somebody else created it meanwhile. */
  async function widen(updates: AnyBulkWriteOperation<DefinitionDocument>[]): Promise<boolean> {
    try {
      await onMongodb(() => definitions.bulkWrite(updates, { ordered: false }));
      return true;
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) throw error;
      if (writeErrors(error).some(({ code }) => code !== duplicateKey)) throw error;
      return false;
    }
  }

  /** Takes out names that are not among the smallest. They never will be again, so it does not matter when. */
  async function takeOutSurplus(ids: readonly string[]): Promise<void> {
    const full = { _id: { $in: [...ids] }, [`parameters.${FULL - 1}`]: { $exists: true } };
    for (const { _id, parameters } of await onMongodb(() => definitions.find(full).toArray())) {
      const names = [...new Set(parameters.map(({ name }) => name))];
      const kept = new Set(smallestNames(names));
      const surplus = names.filter((name) => !kept.has(name));
      await onMongodb(() => definitions.updateOne({ _id }, { $pull: { parameters: { name: { $in: surplus } } } }));
    }
  }

  async function counts({ app }: DefinitionListQuery, names: readonly string[]): Promise<Map<string, number>> {
    // Reads an index entry for each event of the names, and only for the page that is asked for.
    const pipeline = [
      { $match: { app, eventName: { $in: [...names] } } },
      { $group: { _id: "$eventName", events: { $sum: 1 } } },
    ];
    const hint: EventIndex = "by_name";
    const found = events.aggregate<{ readonly _id: string; readonly events: number }>(pipeline, { hint });
    return new Map((await onMongodb(() => found.toArray())).map((each) => [each._id, each.events]));
  }

  function page({ app, afterName, limit }: DefinitionListQuery) {
    const { from, exclusive, to } = keyRange({ keyPrefix: `${app}/`, afterKey: `${app}/${afterName}`, limit });
    const _id = { [exclusive ? "$gt" : "$gte"]: from, ...(to !== undefined && { $lt: to }) };
    return definitions.find({ _id }).sort({ _id: 1 }).limit(limit);
  }

  return {
    async observe(observations) {
      if (observations.length === 0) return;
      const updates = observations.map(widening);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (await widen(updates)) return;
        await takeOutSurplus(observations.map(definitionId));
      }
      throw new StoreUnavailableError("event definitions kept filling up", { reason: "failed" });
    },
    async list(query) {
      const found = await onMongodb(() => page(query).toArray());
      if (found.length === 0) return [];
      const eventCounts = await counts(
        query,
        found.map(({ eventName }) => eventName),
      );
      return found.map((definition) => ({
        ...kept(definition),
        eventCount: eventCounts.get(definition.eventName) ?? 0,
      }));
    },
    async named(app, names) {
      const _id = { $in: names.map((eventName) => definitionId({ app, eventName })) };
      return (await onMongodb(() => definitions.find({ _id }).toArray())).map(kept);
    },
    async listNames(query) {
      const names = page(query).project<Pick<DefinitionDocument, "eventName">>({ eventName: 1 });
      return (await onMongodb(() => names.toArray())).map(({ eventName }) => eventName);
    },
  };
}

function kept({ eventName, firstSeenMs, lastSeenMs, parameters }: DefinitionDocument): KeptDefinition {
  return { eventName, firstSeenMs, lastSeenMs, parameters: parameterTypes(parameters) };
}

function definitionId({ app, eventName }: Pick<DefinitionObservation, "app" | "eventName">): string {
  return `${app}/${eventName}`;
}

/** Widens a definition or creates it. One that is full is not found, and creating it is then a duplicate. */
function widening(observation: DefinitionObservation): AnyBulkWriteOperation<DefinitionDocument> {
  const { eventName, firstSeenMs, lastSeenMs } = observation;
  return {
    updateOne: {
      filter: { _id: definitionId(observation), [`parameters.${FULL - 1}`]: { $exists: false } },
      update: {
        $setOnInsert: { eventName },
        $min: { firstSeenMs },
        $max: { lastSeenMs },
        $addToSet: { parameters: { $each: keptParameters(observation) } },
      },
      upsert: true,
    },
  };
}
