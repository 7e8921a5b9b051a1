import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  TailEventsRequest,
  TailEventsResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { RejectedEvent } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { type AppKey, appKey } from "../../runtime/app-key.ts";
import { invalidArgument } from "../../runtime/request-arguments.ts";
import { freshlyStored, type NewEvent } from "../event.ts";
import { eventMessage, timestampOfMs } from "../event-message.ts";

const verdicts = ["accepted", "duplicate", "rejected"] as const;
export type Verdict = (typeof verdicts)[number];

/** An event as it arrived, for those who tail its app. */
export interface Arrival {
  readonly app: AppKey;
  readonly verdict: Verdict;
  readonly eventName: string;
  /** As it arrived: an anonymous event's is `anon:` and its token. */
  readonly appUserId: string;
  readonly deviceToken: string;
  /** About how much memory it takes, in UTF-16 units. */
  readonly size: number;
  /** What readers are sent; made only for those who get to read it. */
  readonly message: () => MessageInitShape<typeof TailEventsResponseSchema>;
}

/** Fields of fixed or short length of an event in memory, in UTF-16 units. */
const FIXED_SIZE = 1_000;
const IDEMPOTENCY_CONFLICT = {
  code: "idempotency_conflict",
  message: "the idempotency key stands for another body",
};

/** The arrival of an event that was stored, by this request or before. */
export function storedArrival(event: NewEvent, verdict: "accepted" | "duplicate"): Arrival {
  return ofEvent(event, verdict, () => ({ verdict, event: eventMessage(freshlyStored(event)) }));
}

/** The arrival of an event whose idempotency key stands for another body. */
export function conflictArrival(event: NewEvent): Arrival {
  return ofEvent(event, "rejected", () => ({
    verdict: "rejected",
    event: eventMessage(freshlyStored(event)),
    errors: [IDEMPOTENCY_CONFLICT],
  }));
}

/** The arrival of an event that a gateway rejected. */
export function rejectedArrival(rejected: RejectedEvent): Arrival {
  const { eventName, sentAppUserId, deviceToken, surface, errors } = rejected;
  const appUserId = sentAppUserId === "" && deviceToken !== "" ? `anon:${deviceToken}` : sentAppUserId;
  const receivedTime = timestampOfMs(rejected.receivedTimeMs);
  return {
    app: appKey(rejected),
    verdict: "rejected",
    eventName,
    appUserId,
    deviceToken,
    size: errors.reduce((size, { message }) => size + message.length, FIXED_SIZE + deviceToken.length),
    message: () => ({
      verdict: "rejected",
      event: { eventName, appUserId, sentAppUserId, deviceToken, surface, receivedTime },
      errors,
    }),
  };
}

/**
 * Whether an arrival of the app is what a reader asked for.
 *
 * @throws ConnectError INVALID_ARGUMENT for a verdict that there is not
 */
export function arrivalFilter(request: TailEventsRequest): (arrival: Arrival) => boolean {
  const { appUserId, deviceToken, eventName, verdict } = request;
  if (verdict !== "" && !verdicts.some((known) => known === verdict)) {
    throw invalidArgument(
      `verdict is ${JSON.stringify(verdict.slice(0, 64))}; it must be one of ${verdicts.join(", ")}`,
    );
  }
  return (arrival) =>
    (verdict === "" || arrival.verdict === verdict) &&
    (eventName === "" || arrival.eventName === eventName) &&
    (deviceToken === "" || arrival.deviceToken === deviceToken) &&
    (appUserId === "" || arrival.appUserId === appUserId);
}

function ofEvent(event: NewEvent, verdict: Verdict, message: Arrival["message"]): Arrival {
  const { app, eventName, appUserId, deviceToken, paramsJson, contextJson } = event;
  const size = FIXED_SIZE + deviceToken.length + paramsJson.length + contextJson.length;
  return { app, verdict, eventName, appUserId, deviceToken, size, message };
}
