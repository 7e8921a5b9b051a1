import { Code, ConnectError } from "@connectrpc/connect";
import type { IncomingEvent } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { repeat } from "../runtime/background-work.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { removeBelow } from "../storage/remove-below.ts";
import {
  conflict,
  type DocumentKind,
  type VersionedDocuments,
  type VersionedWrite,
} from "../storage/versioned-documents.ts";

/** What an idempotency key stands for. It is stored before the event, so no other body can come in between. */
export interface KeyReservation {
  /** Hex SHA-256 of the body. */
  readonly hash: string;
  /** Receipt of the first request with the key, milliseconds since 1970. */
  readonly receivedMs: number;
}

interface KeyStore {
  readonly idempotencyKeys: VersionedDocuments<KeyReservation>;
}

export const keyReservationKind: DocumentKind<KeyReservation> = {
  name: "idempotency_keys",
  fields: { receivedMs: ({ receivedMs }) => receivedMs },
};

/** How long a key stands for its body after the first request: 24 h (semantics, Event). */
const VALID_MS = 24 * 60 * 60 * 1000;
/** Who loses a race finds the winner's reservation the next time, so more rounds mean that something else is wrong. */
const ATTEMPTS = 8;
/** Reservations are removed 10 min late, for requests that another process's clock received earlier. */
const GRACE_MS = 10 * 60 * 1000;
/** How often expired reservations are looked for: 1 min. Whether one holds is decided where it is read. */
const EXPIRY_INTERVAL_MS = 60_000;

type Proposal = VersionedWrite<KeyReservation> & { readonly indexes: readonly number[] };

/**
 * Reserves the keys of events that have one, each for its app and surface, durably.
 *
 * An event that is stored afterwards or not, a crash in between included, finds its key reserved for its own body when
 * it is sent again. Without keys nothing is read or written.
 *
 * @returns the indexes of events whose key stands for another body; of several in one call the first one counts
 * @throws ConnectError UNAVAILABLE where others keep changing the same keys
 */
export async function reserveKeys(
  { idempotencyKeys }: KeyStore,
  events: readonly IncomingEvent[],
): Promise<Set<number>> {
  const refused = new Set<number>();
  let open = byKey(events);
  for (let attempt = 0; open.size > 0; attempt++) {
    if (attempt === ATTEMPTS) throw new ConnectError("idempotency keys are contended", Code.Unavailable);
    const stored = await idempotencyKeys.load([...open.keys()]);
    const proposals: Proposal[] = [];
    for (const [key, indexes] of open) {
      const first = events[indexes[0]!]!;
      const current = stored.get(key);
      if (current !== undefined && isValid(current.value, first.receivedTimeMs)) {
        refuseOthers(current.value, indexes);
        continue;
      }
      const value = { hash: first.idempotencyHash, receivedMs: first.receivedTimeMs };
      proposals.push({ key, expectedVersion: current?.version ?? 0, value, indexes });
    }
    const versions = proposals.length === 0 ? [] : await idempotencyKeys.save(proposals.map(asWrite));
    open = new Map();
    for (const [i, { key, value, indexes }] of proposals.entries()) {
      if (versions[i] === conflict) open.set(key, indexes);
      else refuseOthers(value, indexes);
    }
  }
  return refused;

  function refuseOthers({ hash }: KeyReservation, indexes: readonly number[]): void {
    for (const index of indexes) if (events[index]!.idempotencyHash !== hash) refused.add(index);
  }
}

/** Removes expired reservations until the signal aborts. Resolves, never rejects. Replicas may do so side by side. */
export function expireKeys(
  context: KeyStore & { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = context;
  const failure = "could not remove expired idempotency keys; trying again";
  const step = () => removeExpiredKeys(context);
  return repeat({ step, intervalMs: EXPIRY_INTERVAL_MS, failure, clock, log }, signal);
}

/** Removes some expired reservations; true if there may be more. One that was renewed in between stays. */
export function removeExpiredKeys({ idempotencyKeys, clock }: KeyStore & { readonly clock: Clock }): Promise<boolean> {
  return removeBelow(idempotencyKeys, { field: "receivedMs", below: clock.now() - VALID_MS - GRACE_MS });
}

/** Indexes of events with a key, by what its reservation is stored under. */
function byKey(events: readonly IncomingEvent[]): Map<string, readonly number[]> {
  const indexes = new Map<string, number[]>();
  for (const [index, event] of events.entries()) {
    if (event.idempotencyKey === "") continue;
    const key = `${appKey(event)}/${event.surface}/${event.idempotencyKey}`;
    const known = indexes.get(key);
    if (known === undefined) indexes.set(key, [index]);
    else known.push(index);
  }
  return indexes;
}

function isValid(reservation: KeyReservation, receivedMs: number): boolean {
  return receivedMs < reservation.receivedMs + VALID_MS;
}

function asWrite({ key, expectedVersion, value }: Proposal): VersionedWrite<KeyReservation> {
  return { key, expectedVersion, value };
}
