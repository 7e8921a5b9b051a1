import {
  conflict,
  type DocumentKind,
  type Versioned,
  type VersionedDocuments,
} from "../../../services/storage/versioned-documents.ts";

/** Documents in memory that let a test decide when each call happens and what becomes of it. */
export interface MemoryDocuments<T> extends VersionedDocuments<T> {
  readonly documents: ReadonlyMap<string, Versioned<T>>;
}

/** @param before is awaited before a call is carried out, and again before its answer arrives */
export function memoryDocuments<T>(kind: DocumentKind<T>, before: (call: string) => Promise<void>): MemoryDocuments<T> {
  const documents = new Map<string, Versioned<T>>();
  let lastVersion = 0;
  // As the real stores do: what is stored is a copy, and holds only what JSON does.
  const copy = (value: T): T => JSON.parse(JSON.stringify(value)) as T;
  return {
    documents,
    async load(keys) {
      await before("load");
      const found = new Map(keys.flatMap((key) => (documents.has(key) ? [[key, documents.get(key)!] as const] : [])));
      await before("loaded");
      return found;
    },
    async save(writes) {
      if (new Set(writes.map(({ key }) => key)).size < writes.length) throw new Error("keys of a save are distinct");
      await before("save");
      const versions = writes.map(({ key, expectedVersion, value }) => {
        if ((documents.get(key)?.version ?? 0) !== expectedVersion) return conflict;
        lastVersion += 1;
        documents.set(key, { version: lastVersion, value: copy(value) });
        return lastVersion;
      });
      await before("saved");
      return versions;
    },
    async remove() {
      throw new Error("devices are never removed");
    },
    async page({ keyPrefix, afterKey = "", where, limit }) {
      return [...documents]
        .filter(([key]) => key.startsWith(keyPrefix) && key > afterKey)
        .filter(([, { value }]) => {
          if (where === undefined) return true;
          const field = kind.fields[where.field]!(value);
          if (field === null) return false;
          if ("equals" in where) return field === where.equals;
          if (typeof field !== "number") return false;
          return "above" in where ? field > where.above : field < where.below;
        })
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, { version, value }]) => ({ key, version, value }));
    },
    async filed() {
      throw new Error("only a verification asks for this");
    },
  };
}
