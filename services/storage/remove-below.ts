import type { VersionedDocuments } from "./versioned-documents.ts";

/** Documents removed by one call. */
const BATCH = 256;

/**
 * Removes some documents whose indexed field lies below a bound; one that changes in between stays. Replicas may do so
 * side by side.
 *
 * @returns whether there may be more
 */
export async function removeBelow<T>(
  documents: Pick<VersionedDocuments<T>, "page" | "remove">,
  where: { readonly field: string; readonly below: number },
): Promise<boolean> {
  const found = await documents.page({ keyPrefix: "", where, limit: BATCH });
  if (found.length > 0) await documents.remove(found.map(({ key, version }) => ({ key, version })));
  return found.length === BATCH;
}
