import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  EventKind,
  type PreviewEventRequest,
  type PreviewEventResponseSchema,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { invalidArgument } from "../runtime/request-arguments.ts";
import type { IngestionContext } from "./context.ts";
import { newEvent } from "./incoming-event.ts";
import { previewAttribution } from "./preview-attribution.ts";
import { previewName } from "./preview-name.ts";

/**
 * `IngestionService.PreviewEvent`: what a device event would do now, were it ingested. Only reads, so that the answer
 * is that of a moment: what is under way beside it may change it.
 *
 * @throws ConnectError INVALID_ARGUMENT for anything but a device event
 */
export function previewEvent(context: Pick<IngestionContext, "events" | "devices">) {
  return async (request: PreviewEventRequest): Promise<MessageInitShape<typeof PreviewEventResponseSchema>> => {
    if (request.event?.kind !== EventKind.DEVICE) throw invalidArgument("event must be a device event");
    const event = newEvent(request.event);
    const stored = await context.events.get(event.app, event.fingerprint);
    // The first copy counts: its receipt says whether it was late or skewed.
    const { skewedFuture, late, effectiveMs } = stored ?? event;
    const [attribution, name] = await Promise.all([
      previewAttribution(context, event, stored),
      previewName(context.events, event),
    ]);
    return {
      duplicate: stored !== undefined,
      skewedFuture,
      late,
      effectiveTimeMs: effectiveMs,
      ...attribution,
      ...name,
    };
  };
}
