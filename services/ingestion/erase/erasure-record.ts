import { conflict, type VersionedDocuments } from "../../storage/versioned-documents.ts";
import type { Erasure } from "./erasure.ts";

/**
 * Changes the document of an erasure, whoever else does at the same time.
 *
 * @param change the same object, or undefined, where nothing is to be written
 * @returns the document as it is stored now; undefined where there is none
 */
export async function changeErasure(
  erasures: VersionedDocuments<Erasure>,
  key: string,
  change: (erasure: Erasure | undefined) => Erasure | undefined,
): Promise<Erasure | undefined> {
  // Those who change it are a few processes that go on with the same erasure: one of them succeeds each time.
  for (;;) {
    const current = (await erasures.load([key])).get(key);
    const next = change(current?.value);
    if (next === undefined || next === current?.value) return current?.value;
    const [written] = await erasures.save([{ key, expectedVersion: current?.version ?? 0, value: next }]);
    if (written !== conflict) return next;
  }
}
