import type { Clock } from "../runtime/clock.ts";
import { conflict, type DocumentKind, type VersionedDocuments } from "../storage/versioned-documents.ts";

/** Who does a piece of shared work, and until when nobody else takes it up. */
export interface Lease {
  readonly owner: string;
  readonly untilMs: number;
}

export const leaseKind: DocumentKind<Lease> = { name: "leases", fields: {} };

/**
 * Takes or keeps a lease.
 *
 * Leases only spare work: two owners at once do no harm, because all the work below them may run any number of times.
 *
 * @returns whether `owner` holds the lease for the next `ttlMs` milliseconds
 */
export async function holdLease(
  leases: VersionedDocuments<Lease>,
  clock: Clock,
  wanted: { readonly name: string; readonly owner: string; readonly ttlMs: number },
): Promise<boolean> {
  const current = (await leases.load([wanted.name])).get(wanted.name);
  const now = clock.now();
  // One that ends later than any right clock would have it was taken while a clock was ahead; nobody waits that long.
  if (current !== undefined && current.value.untilMs > now && current.value.untilMs <= now + 2 * wanted.ttlMs) {
    if (current.value.owner !== wanted.owner) return false;
    // Renewed when half of it is over: an idle process writes little.
    if (current.value.untilMs > now + wanted.ttlMs / 2) return true;
  }
  const value = { owner: wanted.owner, untilMs: now + wanted.ttlMs };
  const [written] = await leases.save([{ key: wanted.name, expectedVersion: current?.version ?? 0, value }]);
  return written !== conflict;
}
