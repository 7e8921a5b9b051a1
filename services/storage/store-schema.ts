import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { type Database, versionedDocuments } from "./open-database.ts";
import type { DocumentKind, StoredDocuments } from "./versioned-documents.ts";

/** How a version of Carillon keeps what it stores. */
export interface StoreSchema {
  /**
   * Rises with every table, index or field that is new, and where a version begins to ask for a field that the one
   * before it only wrote (docs/upgrade.md).
   */
  readonly version: number;
  /** The oldest schema whose code reads all of this and does no harm to it. */
  readonly compatibleFrom: number;
}

/** The schema of this version. Schema 2 finds retentions by `isUncounted`. */
export const currentSchema: StoreSchema = { version: 2, compatibleFrom: 1 };

/** What is noted beside a service's data. */
export interface StoreNote {
  /** The oldest schema whose code may work with the data. */
  readonly format: number;
  /** Under whose fields every document can be found. */
  readonly schema?: number;
  /** How far an expansion has come. */
  readonly expansion?: Expansion;
}

interface Expansion {
  /** The schema that it leads to. */
  readonly schema: number;
  /** Index in the service's kinds. */
  readonly kind: number;
  /** The last document that is filed; absent before the first one. */
  readonly afterKey?: string;
}

export const storeNoteKind: DocumentKind<StoreNote> = { name: "store_formats", fields: {} };

/** What has no note is from before there were notes, or new. */
const noNote: StoreNote = { format: 1 };
/** Under whose fields everything can be found where a note does not say it. */
const FIRST_SCHEMA = 1;

/** Documents of a kind that are filed in one step, if not said otherwise: a kill -9 costs the work of one. */
const STEP_DOCUMENTS = 500;
/** A log line after so many steps. */
const STEPS_TOLD = 200;

export interface PrepareOptions {
  /** Whose data it is. */
  readonly service: string;
  /** Its documents, in an order that changes with the schema only. */
  readonly kinds: readonly DocumentKind<never>[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly schema?: StoreSchema;
  readonly stepDocuments?: number;
}

/**
 * Makes a service's data what this version works with. To data of an older schema it adds the fields and indexes that
 * are missing, and files every document under them, in steps that go on where they were interrupted and that replicas share.
 * From data of a later schema with which this version may work it takes back the note, or what one has begun: what this
 * version writes lacks what is new there, so the later one has to file it at its next start.
 *
 * @throws Error with one line where the data is of a later schema, which this version must not touch
 */
export async function prepareStore(database: Database, options: PrepareOptions): Promise<void> {
  const { service, kinds, clock, log, schema = currentSchema, stepDocuments = STEP_DOCUMENTS } = options;
  const notes = await versionedDocuments(database, storeNoteKind, clock);
  const read = async () => (await notes.load([service])).get(service) ?? { version: 0, value: noNote };
  let stored = await read();
  const from = stored.value.schema ?? FIRST_SCHEMA;
  // Where nothing was noted there is nothing worth a line: a new store, or one from before there were notes.
  const isNew = stored.version === 0;
  const tell = (details: object, message: string) =>
    isNew || log.info({ service, from, to: schema.version, ...details }, message);
  let open: Promise<StoredDocuments<never>[]> | undefined;
  const isDone = ({ schema: filed, expansion }: StoreNote) => filed === schema.version && expansion === undefined;
  for (let steps = 0; !isDone(stored.value); steps++) {
    const { format, schema: filed = FIRST_SCHEMA, expansion } = stored.value;
    if (format > schema.version) throw new Error(tooLate(service, { needed: format, here: schema.version }));
    if (steps % STEPS_TOLD === 0) {
      const documents = steps * stepDocuments;
      tell({ kind: kinds[expansion?.kind ?? 0]?.name, documents }, "changing the store's schema");
    }
    let next: StoreNote = { format, schema: schema.version };
    if (filed < schema.version) {
      open ??= Promise.all(kinds.map((kind) => versionedDocuments(database, kind, clock)));
      const begun = expansion?.schema === schema.version ? expansion : { schema: schema.version, kind: 0 };
      const further = await expand(await open, begun, stepDocuments);
      const whole = { format: Math.max(format, schema.compatibleFrom), schema: schema.version };
      next = further === undefined ? whole : { format, schema: filed, expansion: further };
    }
    // Not written where another replica was faster: then its note says where to go on.
    await notes.save([{ key: service, expectedVersion: stored.version, value: next }]);
    stored = await read();
    if (isDone(stored.value)) tell({}, "the store's schema is changed");
  }
}

/** Files the next documents, and answers how far it has come; undefined when all of them are filed. */
async function expand(
  documents: readonly StoredDocuments<never>[],
  { schema, kind: first, afterKey: firstAfter }: Expansion,
  limit: number,
): Promise<Expansion | undefined> {
  let after = firstAfter;
  for (let kind = first; kind < documents.length; kind++) {
    after = await documents[kind]?.fileAnew({ afterKey: after, limit });
    if (after !== undefined) return { schema, kind, afterKey: after };
  }
  return undefined;
}

function tooLate(service: string, { needed, here }: { readonly needed: number; readonly here: number }): string {
  return `the data of ${service} needs schema ${needed} and this version of Carillon has ${here}; start the version that wrote it`;
}
