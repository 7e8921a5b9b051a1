import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  EventVerdictSchema,
  type IngestEventsRequest,
  type IngestEventsResponse,
  IngestEventsResponseSchema,
  EventVerdict_Outcome as Outcome,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { finishesInTime } from "../runtime/effects-wait.ts";
import type { IngestionContext } from "./context.ts";
import type { EffectsQueue } from "./effects/effects-queue.ts";
import { freshlyStored, isFloating, type NewEvent } from "./event.ts";
import { reserveKeys } from "./idempotency.ts";
import { newEvent } from "./incoming-event.ts";
import type { InsertOutcome } from "./store.ts";
import { conflictArrival, storedArrival } from "./tail/arrival.ts";
import type { TailHub } from "./tail/tail-hub.ts";

/** Events whose effects may wait here before new ones are refused; they are durable, but memory is not endless. */
const MAX_WAITING = 10_000;

/**
 * `IngestionService.IngestEvents`: reserves idempotency keys, then one durable insert for the batch, then effects,
 * waited for up to the bound.
 *
 * Verdicts are in the order of the request.
 *
 * @throws ConnectError UNAVAILABLE when the store cannot be reached or too much waits (the same batch may be sent
 * again: what was stored is then a duplicate)
 */
export function ingestEvents(context: IngestionContext, effects: EffectsQueue, tail: TailHub) {
  return async (request: IngestEventsRequest): Promise<IngestEventsResponse> => {
    if (effects.length > MAX_WAITING) throw new ConnectError("too many effects are waiting", Code.ResourceExhausted);
    const received = request.events.map(newEvent);
    const refused = await reserveKeys(context, request.events);
    const events = refused.size === 0 ? received : received.filter((_, i) => !refused.has(i));
    const pending = events.map((event) => ({ event: freshlyStored(event), profileVersion: 0 }));
    for (const entry of pending)
      if (isFloating(entry.event)) entry.profileVersion = context.profileEffects.lastVersion(entry.event);
    const inserted = events.length === 0 ? [] : await context.events.insert(events);
    // The disk is waited for beside the effects: what a power failure takes of these, the pending marks bring back.
    const durable = context.durable();
    if (tail.hasReaders) tellReaders(tail, received, { refused, inserted });
    const outcomes = inserted.values();
    const stored = pending.filter((_, i) => inserted[i] === "stored");
    const applied = stored.length === 0 || finishesInTime(context, effects.add(stored));
    const [effectsApplied] = await Promise.all([applied, durable]);
    return create(IngestEventsResponseSchema, {
      verdicts: received.map((_, i) => {
        if (refused.has(i)) return create(EventVerdictSchema, { outcome: Outcome.IDEMPOTENCY_CONFLICT });
        const outcome = outcomes.next().value === "stored" ? Outcome.STORED : Outcome.DUPLICATE;
        return create(EventVerdictSchema, { outcome, effectsApplied });
      }),
    });
  };
}

/** Tells those who tail events what became of a batch: `inserted` of those that were not refused, in their order. */
function tellReaders(
  tail: TailHub,
  received: readonly NewEvent[],
  { refused, inserted }: { readonly refused: ReadonlySet<number>; readonly inserted: readonly InsertOutcome[] },
): void {
  const outcomes = inserted.values();
  for (const [i, event] of received.entries()) {
    if (refused.has(i)) tail.publish(conflictArrival(event));
    else tail.publish(storedArrival(event, outcomes.next().value === "stored" ? "accepted" : "duplicate"));
  }
}
