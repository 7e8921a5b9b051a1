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
  /** Least recently used first. */
  const remembered = new Map<string, Versioned<T> & { readonly bytes: number }>();
  let bytes = 0;

  function forget(key: string): void {
    bytes -= remembered.get(key)?.bytes ?? 0;
    remembered.delete(key);
  }

  function remember(key: string, { version, value }: Versioned<T>): void {
    const known = remembered.get(key);
    // An answer that was under way while a later version was written.
    if (known !== undefined && known.version > version) return;
    const size = approximateBytes(value) + key.length;
    forget(key);
    remembered.set(key, { version, value, bytes: size });
    bytes += size;
    for (const oldest of remembered.keys()) {
      if (bytes <= maxBytes) break;
      forget(oldest);
    }
  }

  async function load(keys: readonly string[]): Promise<Map<string, Versioned<T>>> {
    if (keys.length === 0) return new Map();
    const found = await store.load(keys);
    for (const key of keys) if (!found.has(key)) forget(key);
    for (const [key, document] of found) remember(key, document);
    return found;
  }

  function use(key: string): Versioned<T> | undefined {
    const known = remembered.get(key);
    if (known === undefined) return undefined;
    remembered.delete(key);
    remembered.set(key, known);
    return known;
  }

  return {
    recent: use,
    load,
    async loadRecent(keys) {
      const found = new Map<string, Versioned<T>>();
      const missing: string[] = [];
      for (const key of keys) {
        const known = use(key);
        if (known === undefined) missing.push(key);
        else found.set(key, known);
      }
      for (const [key, document] of await load(missing)) found.set(key, document);
      return found;
    },
    async save(writes) {
      if (writes.length === 0) return [];
      // Until the store answers, nobody knows what is stored.
      for (const { key } of writes) forget(key);
      const versions = await store.save(writes);
      for (const [index, { key, value }] of writes.entries()) {
        const version = versions[index];
        if (version !== undefined && version !== conflict) remember(key, { version, value });
      }
      return versions;
    },
    async remove(removals) {
      for (const { key } of removals) forget(key);
      await store.remove(removals);
    },
    page: (query) => store.page(query),
    filed: (keys) => store.filed(keys),
  };
}
