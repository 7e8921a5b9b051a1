import type { DocumentKind, VersionedDocuments } from "../storage/versioned-documents.ts";
import type { App, AppKeyRecord } from "./apps/app.ts";
import type { Merge } from "./profiles/merge.ts";
import type { ProfileState } from "./profiles/profile.ts";

/** Everything that the identity service keeps. */
export interface IdentityStore {
  /** By `profileKey`. */
  readonly profiles: VersionedDocuments<ProfileDocument>;
  /** By `mergeKey`. */
  readonly merges: VersionedDocuments<MergeDocument>;
  /** By `tenant/app`. */
  readonly apps: VersionedDocuments<App>;
  /** By the hex SHA-256 of the key. */
  readonly keys: VersionedDocuments<AppKeyRecord>;
}

export type ProfileDocument = LiveProfile | Tombstone;

export interface LiveProfile {
  readonly state: ProfileState;
  /** Only where the document's key does not spell it out. */
  readonly appUserId?: string;
}

/** An entry of the merge journal. */
export type MergeDocument = Merge | Tombstone;

/**
 * What a profile without events, or a journal entry of a cause that takes nothing, leaves behind for an hour: its
 * version refuses what was decided before (decision 0001). Readers see nothing.
 */
export interface Tombstone {
  /** Milliseconds since 1970. */
  readonly removedAtMs: number;
}

/** Whether readers see this document. */
export function isLive<T extends object>(document: T | Tombstone): document is T {
  return !("removedAtMs" in document);
}

/** Found by `removedAtMs`: tombstones, for their removal. Listed in key order, which is the order of user ids in an app. */
const profileDocuments: DocumentKind<ProfileDocument> = {
  name: "profiles",
  fields: { removedAtMs: (document) => (isLive(document) ? null : document.removedAtMs) },
};

/** Found by `user` who took, by the `device` key of the cause, and by `removedAtMs` as profiles are. */
const mergeDocuments: DocumentKind<MergeDocument> = {
  name: "merges",
  fields: {
    user: (document) => (isLive(document) ? document.toAppUserId : null),
    device: (document) => (isLive(document) ? document.deviceKey : null),
    removedAtMs: (document) => (isLive(document) ? null : document.removedAtMs),
  },
};

/** Found by `appId`: app ids are unique across tenants. */
const appDocuments: DocumentKind<App> = {
  name: "apps",
  fields: { appId: (app) => app.appId },
};

/** Found by `app` (`tenant/app`), for listing, and by `keyId`, for revoking. */
const keyDocuments: DocumentKind<AppKeyRecord> = {
  name: "keys",
  fields: { app: (key) => key.app, keyId: (key) => key.keyId },
};

export const identityKinds = [profileDocuments, mergeDocuments, appDocuments, keyDocuments];

/** The identity service's store over whichever adapter `open` makes documents with. */
export async function openIdentityStore(
  open: <T>(kind: DocumentKind<T>) => Promise<VersionedDocuments<T>>,
): Promise<IdentityStore> {
  const profiles = await open(profileDocuments);
  const merges = await open(mergeDocuments);
  const apps = await open(appDocuments);
  const keys = await open(keyDocuments);
  return { profiles, merges, apps, keys };
}
