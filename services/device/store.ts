import { type AppKey, appKey } from "../runtime/app-key.ts";
import type { DocumentKind, VersionedDocuments } from "../storage/versioned-documents.ts";
import { type Device, isDeliverable, owner } from "./device.ts";

/**
 * What is filed under the key of a token: a device, or where the token's device is filed. An alias never becomes a
 * device again, and aliases lead to a device in finitely many steps.
 */
export type DeviceDocument = { readonly kind: "device"; readonly device: Device } | AliasDocument;

export interface AliasDocument {
  readonly kind: "alias";
  /** Document key. */
  readonly aliasOf: string;
  /** The device that was filed here, until the one that it became part of has absorbed it. */
  readonly handover: Device | null;
}

/** More aliases than this in a row are a damaged store. */
export const MAX_ALIASES = 10_000;

export type DeviceStore = VersionedDocuments<DeviceDocument>;

/** Collection or table of devices, and what it is searched by. */
export const deviceDocuments: DocumentKind<DeviceDocument> = {
  name: "devices",
  fields: {
    /** User who owns the device. */
    owner: (document) => knownDevice(document, (device) => owner(device) || null),
    /** 1 where a push can reach the device, else 0. */
    deliverable: (document) => knownDevice(document, (device) => (isDeliverable(device) ? 1 : 0)),
    /** 1 where some user is unlinked from it; there are few of these. */
    unlinking: (document) => (unlinkedUsers(document).length > 0 ? 1 : null),
    /** Since when something is outstanding, milliseconds. */
    unsettledSince: (document) => (document.kind === "device" ? unsettledSince(document.device) : null),
  },
};

function knownDevice<T>(document: DeviceDocument, field: (device: Device) => T): T | null {
  return document.kind === "device" && document.device.known ? field(document.device) : null;
}

/** Users whose events on the device take nothing, also where another device is about to learn of that. */
export function unlinkedUsers(document: DeviceDocument): readonly string[] {
  return (document.kind === "device" ? document.device : document.handover)?.unlinked ?? [];
}

/** Since when something is outstanding, milliseconds; null if nothing is. */
export function unsettledSince(device: Device): number | null {
  const times = device.joining.map((joining) => joining.sinceMs);
  if (device.due !== null) times.push(device.due.sinceMs);
  return times.length === 0 ? null : Math.min(...times);
}

/** Where a token of an app is filed. */
export function documentKey(app: AppKey, deviceKey: string): string {
  return `${app}/${deviceKey}`;
}

/** The app and device key of a {@link documentKey}. */
export function parseDocumentKey(key: string): { readonly app: AppKey; readonly deviceKey: string } {
  const [tenantId = "", appId = "", deviceKey = ""] = key.split("/");
  return { app: appKey({ tenantId, appId }), deviceKey };
}
