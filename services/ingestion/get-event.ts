import { Code, ConnectError } from "@connectrpc/connect";
import type { GetEventRequest } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { invalidArgument, requireApp } from "../runtime/request-arguments.ts";
import type { IngestionContext } from "./context.ts";
import { eventMessage } from "./event-message.ts";

const fingerprintPattern = /^[0-9a-f]{64}$/;
/** Longest piece of what was received that a message repeats, UTF-16 units. */
const SHOWN = 64;

/**
 * `EventService.GetEvent`.
 *
 * @throws ConnectError INVALID_ARGUMENT for what is no fingerprint, NOT_FOUND where this app has no such event
 */
export function getEvent({ events }: Pick<IngestionContext, "events">) {
  return async (request: GetEventRequest) => {
    const app = requireApp(request);
    const { fingerprint } = request;
    if (!fingerprintPattern.test(fingerprint)) {
      const shown = fingerprint.length > SHOWN ? `${fingerprint.slice(0, SHOWN)}…` : fingerprint;
      throw invalidArgument(`fingerprint is "${shown}"; it must be 64 lower-case hex characters`);
    }
    const event = await events.get(app, fingerprint);
    if (event === undefined) throw new ConnectError(`no event has the fingerprint ${fingerprint}`, Code.NotFound);
    return { event: eventMessage(event) };
  };
}
