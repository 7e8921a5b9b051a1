import type { HandlerContext } from "@connectrpc/connect";
import type { ListEventsRequest } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { deviceKeyOf } from "../runtime/device-key.ts";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../runtime/paging.ts";
import { invalidArgument, requireApp } from "../runtime/request-arguments.ts";
import type { IngestionContext } from "./context.ts";
import type { EventCursor, StoredEvent } from "./event.ts";
import { eventMessage, msAtOrAfter } from "./event-message.ts";
import { resolveUser } from "./resolve-user.ts";
import type { EventFilter } from "./store.ts";

/** UTF-16 units of params and context after which a page ends early: at most 48 MB, a gRPC answer may have 64. */
const PAGE_LENGTH = 16_000_000;

/**
 * `EventService.ListEvents`: latest first. A page of long events may have fewer than asked for. An `anon:` id is resolved
 * for every page, so that who logs in meanwhile takes the rest of the list along.
 *
 * @throws ConnectError INVALID_ARGUMENT for a page size or token that is none
 */
export function listEvents(context: Pick<IngestionContext, "events" | "profiles" | "devices">) {
  return async (request: ListEventsRequest, { signal }: Pick<HandlerContext, "signal">) => {
    const app = requireApp(request);
    const pageSize = parsePageSize(request.pageSize);
    const filter = filterOf(request);
    const filters = [app, ...Object.entries(filter).flat().map(String)];
    const position = parsePageToken(request.pageToken, filters);
    const appUserId = await resolveUser(context, { app, appUserId: request.appUserId }, { signal });
    // One more than asked for tells whether there is a next page.
    const found = await context.events.list({
      app,
      filter: { ...filter, ...(appUserId !== "" && { appUserId }) },
      limit: pageSize + 1,
      ...(position !== undefined && { after: parseCursor(position) }),
    });
    const page = fitting(found.slice(0, pageSize));
    const last = page.at(-1);
    const nextPageToken =
      last === undefined || found.length === page.length
        ? ""
        : pageTokenAfter(`${last.effectiveMs} ${last.fingerprint}`, filters);
    return { events: page.map(eventMessage), nextPageToken };
  };
}

/** All filters that are given; a device's server events by hash are its events too. */
function filterOf({ appUserId, deviceToken, eventName, startTime, endTime }: ListEventsRequest): EventFilter {
  return {
    ...(appUserId !== "" && { appUserId }),
    ...(deviceToken !== "" && { deviceKey: deviceKeyOf(deviceToken) }),
    ...(eventName !== "" && { eventName }),
    ...(startTime !== undefined && { startMs: msAtOrAfter(startTime) }),
    ...(endTime !== undefined && { endMs: msAtOrAfter(endTime) }),
  };
}

function parseCursor(position: string): EventCursor {
  const match = /^(-?\d{1,16}) ([0-9a-f]{64})$/.exec(position);
  if (match === null) throw invalidArgument("pageToken is not one of this list");
  return { effectiveMs: Number(match[1]), fingerprint: match[2]! };
}

/** As many of the events as fit into an answer, at least one. */
function fitting(found: readonly StoredEvent[]): StoredEvent[] {
  let length = 0;
  const end = found.findIndex(({ paramsJson, contextJson }, index) => {
    length += paramsJson.length + contextJson.length;
    return index > 0 && length > PAGE_LENGTH;
  });
  return found.slice(0, end === -1 ? found.length : end);
}
