import {
  EventVerdict_Outcome,
  type IncomingEvent,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { type Answer, JSON_TYPE } from "../answer.ts";

/** The id that a sender is told: it is the same whenever the event is, and leads an operator to it. */
export function eventId({ fingerprint }: Pick<IncomingEvent, "fingerprint">): string {
  return `evt_${fingerprint}`;
}

/** "duplicate" where the event was stored before, else "stored". */
export function verdictOf(outcome: EventVerdict_Outcome): "duplicate" | "stored" {
  return outcome === EventVerdict_Outcome.DUPLICATE ? "duplicate" : "stored";
}

/** The published answer to an event that is stored, now or before. */
export function trackedAnswer(id: string, outcome: EventVerdict_Outcome): Answer {
  return {
    status: 200,
    contentType: JSON_TYPE,
    payload: JSON.stringify({ success: true, event_id: id, message: "Event tracked successfully" }),
    verdict: verdictOf(outcome),
    logLevel: "info",
  };
}
