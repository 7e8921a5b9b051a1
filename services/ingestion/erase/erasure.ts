import type { AppKey } from "../../runtime/app-key.ts";
import { sha256Hex } from "../../runtime/sha256.ts";
import type { DocumentKind } from "../../storage/versioned-documents.ts";
import type { UserKey } from "../effects/profile-effects.ts";

/** An erasure that is not finished: durable before anything is removed, so that whoever finds it can go on with it. */
export interface Erasure extends UserKey {
  /** The id that the caller named, where another one was meant by it; empty if none. */
  readonly resolvedFrom: string;
  /** What was received up to then goes; milliseconds since 1970. */
  readonly requestedMs: number;
  /** When it is taken up (again); milliseconds since 1970. */
  readonly dueMs: number;
  /** Whether everything has been removed once, and only what was on its way then is left to look for. */
  readonly removedOnce: boolean;
  /** Keys of the tokens that removed events named. */
  readonly deviceKeys: readonly string[];
  readonly counts: ErasureCounts;
}

/** What was removed. A process that stops in between may leave out what it removed last. */
export interface ErasureCounts {
  readonly eventCount: number;
  readonly pushCount: number;
  readonly mergeCount: number;
  readonly deviceCount: number;
}

export const nothingRemoved: ErasureCounts = { eventCount: 0, pushCount: 0, mergeCount: 0, deviceCount: 0 };

/** By {@link erasureKey}; found by when they are due, and by what the caller named. */
export const erasureKind: DocumentKind<Erasure> = {
  name: "erasures",
  fields: {
    dueMs: ({ dueMs }) => dueMs,
    resolvedFrom: ({ resolvedFrom }) => (resolvedFrom === "" ? null : idHash(resolvedFrom)),
  },
};

/** What the keys of an app's erasures begin with. */
export function erasureKeyPrefix(app: AppKey): string {
  return `${app}/`;
}

/** What the erasure of a user is filed under. */
export function erasureKey({ app, appUserId }: UserKey): string {
  return erasureKeyPrefix(app) + idHash(appUserId);
}

/** Stands for a user id, which may be longer than a key. */
export function idHash(appUserId: string): string {
  return sha256Hex(appUserId);
}

/** The sums; what is not given counts as 0. */
export function addCounts(a: ErasureCounts, b: Partial<ErasureCounts>): ErasureCounts {
  return {
    eventCount: a.eventCount + (b.eventCount ?? 0),
    pushCount: a.pushCount + (b.pushCount ?? 0),
    mergeCount: a.mergeCount + (b.mergeCount ?? 0),
    deviceCount: a.deviceCount + (b.deviceCount ?? 0),
  };
}
