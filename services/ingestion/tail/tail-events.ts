import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type TailEventsRequest,
  type TailEventsResponse,
  TailEventsResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { Clock } from "../../runtime/clock.ts";
import { requireApp } from "../../runtime/request-arguments.ts";
import { arrivalFilter } from "./arrival.ts";
import type { TailHub, TailReader } from "./tail-hub.ts";

/** How often a stream says that it stands, milliseconds: proxies cut connections that are quiet for a minute. */
const STANDING_MS = 15_000;

/**
 * `EventService.TailEvents`: what arrives at this process, with its verdict. The first message says that the stream
 * stands. Ends when the process stops.
 *
 * @throws ConnectError INVALID_ARGUMENT for a verdict that there is not, RESOURCE_EXHAUSTED for too many readers
 */
export function tailEvents(hub: TailHub, clock: Clock) {
  return async function* (request: TailEventsRequest, context: HandlerContext): AsyncGenerator<TailEventsResponse> {
    const reader = hub.open(requireApp(request), arrivalFilter(request));
    // Nothing else wakes a reader whose caller has left.
    context.signal.addEventListener("abort", reader.close, { once: true });
    if (context.signal.aborted) reader.close();
    try {
      while (!reader.isClosed) {
        yield create(TailEventsResponseSchema);
        yield* untilStandingIsDue(reader, clock);
      }
    } finally {
      reader.close();
    }
  };
}

/** What waits and what comes, for as long as a stream may go without saying that it stands. */
async function* untilStandingIsDue(reader: TailReader, clock: Clock): AsyncGenerator<TailEventsResponse> {
  const over = new AbortController();
  let isDue = false;
  const due = clock.sleep(STANDING_MS, over.signal).then(
    () => {
      isDue = true;
    },
    () => undefined,
  );
  try {
    while (!reader.isClosed && !isDue) {
      const item = reader.take();
      if (item === undefined) await Promise.race([reader.readable(), due]);
      else yield create(TailEventsResponseSchema, { ...item.arrival?.message(), droppedCount: item.dropped });
    }
  } finally {
    over.abort();
  }
}
