import { LRUCache } from "lru-cache";
import { approximateBytes } from "./approximate-bytes.ts";
import { conflict, type Versioned, type VersionedDocuments } from "./versioned-documents.ts";

/** Documents of which this process remembers what it read and wrote last. */
export interface RecentDocuments<T> extends VersionedDocuments<T> {
  /** The document as this process last saw it, if it remembers it. Only good as the base of a compare-and-swap. */
  recent(key: string): Versioned<T> | undefined;
  /**
   * Documents as this process last saw them, or as stored. Good enough to decide on a write: the write is refused
   * where the document has changed since.
   */
  loadRecent(keys: readonly string[]): Promise<Map<string, Versioned<T>>>;
}

/** @param maxBytes bound of what is remembered, roughly counted; the least recently used goes first */
export function rememberRecent<T>(store: VersionedDocuments<T>, maxBytes: number): RecentDocuments<T> {
  const remembered = new LRUCache<string, Versioned<T>>({
    maxSize: maxBytes,
    sizeCalculation: ({ value }, key) => approximateBytes(value) + key.length,
  });

  function remember(key: string, document: Versioned<T>): void {
    const known = remembered.peek(key);
    // An answer that was under way while a later version was written.
    if (known === undefined || known.version <= document.version) remembered.set(key, document);
  }

  async function load(keys: readonly string[]): Promise<Map<string, Versioned<T>>> {
    if (keys.length === 0) return new Map();
    const found = await store.load(keys);
    for (const key of keys) if (!found.has(key)) remembered.delete(key);
    for (const [key, document] of found) remember(key, document);
    return found;
  }

  return {
    recent: (key) => remembered.get(key),
    load,
    async loadRecent(keys) {
      const found = new Map<string, Versioned<T>>();
      const missing: string[] = [];
      for (const key of keys) {
        const known = remembered.get(key);
        if (known === undefined) missing.push(key);
        else found.set(key, known);
      }
      for (const [key, document] of await load(missing)) found.set(key, document);
      return found;
    },
    async save(writes) {
      if (writes.length === 0) return [];
      // Until the store answers, nobody knows what is stored.
      for (const { key } of writes) remembered.delete(key);
      const versions = await store.save(writes);
      for (const [index, { key, value }] of writes.entries()) {
        const version = versions[index];
        if (version !== undefined && version !== conflict) remember(key, { version, value });
      }
      return versions;
    },
    async remove(removals) {
      for (const { key } of removals) remembered.delete(key);
      await store.remove(removals);
    },
    page: (query) => store.page(query),
    filed: (keys) => store.filed(keys),
  };
}
