/**
 * Documents that change by compare-and-swap on a version: the building block of every store whose writes depend on
 * what is stored. One write is atomic; writes of one call are independent of each other.
 */
export interface VersionedDocuments<T> {
  /** The documents that exist, by key. */
  load(keys: readonly string[]): Promise<Map<string, Versioned<T>>>;
  /**
   * Writes each document whose stored version still is the expected one, durably.
   *
   * Keys are distinct within a call. The answer has, for each write in order, the document's new version, or
   * `conflict` where the stored version was another one.
   */
  save(writes: readonly VersionedWrite<T>[]): Promise<(number | typeof conflict)[]>;
  /** Removes each document whose stored version still is the given one; others stay. */
  remove(removals: readonly { readonly key: string; readonly version: number }[]): Promise<void>;
  /** Documents in key order. */
  page(query: DocumentPageQuery): Promise<{ readonly key: string; readonly version: number; readonly value: T }[]>;
  /** What `page` finds the documents by that exist of these, by key. */
  filed(keys: readonly string[]): Promise<Map<string, Filed>>;
}

export interface Versioned<T> {
  /** Never 0, and never the same twice under one key, even if the document was removed in between. */
  readonly version: number;
  readonly value: T;
}

export interface VersionedWrite<T> {
  /** At most 5 KB of UTF-8. */
  readonly key: string;
  /** 0: the document does not exist. */
  readonly expectedVersion: number;
  readonly value: T;
}

/** What something stored is found by, both as JSON that is the same where they say the same. */
export interface Filed {
  /** As it is stored beside the value, or in its place in an index. */
  readonly filedAs: string;
  /** As it follows from the value. */
  readonly shouldBeFiledAs: string;
}

/** What something is found by, as text that is the same for what says the same; null is nothing. */
export function filedText(index: object): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(index)
        .filter(([, value]) => value !== undefined && value !== null)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );
}

export const conflict = Symbol("conflict");

export interface DocumentPageQuery {
  /** Only keys that begin with this. */
  readonly keyPrefix: string;
  /** Only keys greater than this. */
  readonly afterKey?: string;
  /** Only documents whose indexed field has this value, or lies below or above it. */
  readonly where?:
    | { readonly field: string; readonly equals: string | number }
    | { readonly field: string; readonly below: number }
    | { readonly field: string; readonly above: number };
  /** At most this many. */
  readonly limit: number;
}

/** Versioned documents as an adapter keeps them. */
export interface StoredDocuments<T> extends VersionedDocuments<T> {
  /**
   * Files the next documents in key order under what the fields of their kind are by now, where they are filed otherwise;
   * none that changes meanwhile, which whoever changes it files. Answers where it has come to, undefined at the end.
   */
  fileAnew(query: { readonly afterKey: string | undefined; readonly limit: number }): Promise<string | undefined>;
}

/**
 * What a kind of document is called and which of its fields can be asked for in `page`. A field's value is `null`
 * where the document is not to be found by it.
 */
export interface DocumentKind<T> {
  /** Collection or table name. */
  readonly name: string;
  readonly fields: Readonly<Record<string, (value: T) => string | number | null>>;
}
