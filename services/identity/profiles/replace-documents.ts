import { conflict, type VersionedDocuments, type VersionedWrite } from "../../storage/versioned-documents.ts";

/** What became of one write, as `VersionedWriteResult` says it. */
export interface WriteResult {
  readonly applied: boolean;
  readonly version: bigint;
}

/** Writes documents whose version still is the expected one, and tells the version of the others. */
export async function replaceDocuments<T>(
  documents: Pick<VersionedDocuments<T>, "load" | "save">,
  writes: readonly VersionedWrite<T>[],
): Promise<WriteResult[]> {
  const versions = await documents.save(writes);
  const refused = writes.filter((_, i) => versions[i] === conflict).map(({ key }) => key);
  const stored = refused.length === 0 ? new Map() : await documents.load(refused);
  return versions.map((version, i) =>
    version === conflict
      ? { applied: false, version: BigInt(stored.get(writes[i]!.key)?.version ?? 0) }
      : { applied: true, version: BigInt(version) },
  );
}
