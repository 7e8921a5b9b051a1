import type { DocumentKind, VersionedDocuments } from "../../../services/storage/versioned-documents.ts";

/** What the documents of this suite hold. */
export interface Counter {
  readonly count: number;
  readonly label?: string | null | undefined;
  readonly nested?: unknown;
}

/** Found by its label, unless it has none, and by its count while that is positive. */
export const counterKind: DocumentKind<Counter> = {
  name: "counters",
  fields: {
    label: ({ label }) => label ?? null,
    due: ({ count }) => (count > 0 ? count : null),
  },
};

/** One engine with one adapter. */
export interface Engine {
  readonly name: string;
  /** How much work a concurrency test may do: 1 is for engines that take 10 ms a write. */
  readonly scale: number;
  /** Whether an update by key and version is atomic, as it is on MongoDB. */
  readonly atomicUpdates: boolean;
  /** Opens a store that nothing else uses. */
  open(): Promise<OpenEngine>;
}

export interface OpenEngine {
  /** Counters, empty at first; a second call is another process's view of the same documents, where there can be one. */
  counters(): Promise<VersionedDocuments<Counter>>;
  close(): Promise<void>;
}
