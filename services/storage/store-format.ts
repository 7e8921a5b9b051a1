import { conflict, type DocumentKind, type VersionedDocuments } from "./versioned-documents.ts";

/**
 * How the data of a service is stored, as a number. It rises when that changes so that earlier versions would misread
 * it, never with what they can pass over: a new field, table or index (docs/operations.md, Upgrade).
 */
export interface StoreFormat {
  readonly format: number;
}

export const storeFormatKind: DocumentKind<StoreFormat> = { name: "store_formats", fields: {} };

/** The format that this version reads and writes. */
const FORMAT = 1;

/**
 * Notes the format of a service's data where none is noted; several replicas may do so at once.
 *
 * @throws Error with one line where the data is of a later version, which this one must not touch
 */
export async function checkStoreFormat(formats: VersionedDocuments<StoreFormat>, service: string): Promise<void> {
  const [noted] = await formats.save([{ key: service, expectedVersion: 0, value: { format: FORMAT } }]);
  if (noted !== conflict) return;
  const stored = (await formats.load([service])).get(service)?.value.format;
  if (stored !== FORMAT) {
    throw new Error(
      `the data of ${service} has format ${stored} and this version of Carillon works with ${FORMAT}; start the version that wrote it`,
    );
  }
}
