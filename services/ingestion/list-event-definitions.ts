import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EventDefinitionSchema } from "../../proto/gen/carillon/ingestion/v1/event_pb.js";
import type { ListEventDefinitionsRequest } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../runtime/paging.ts";
import { requireApp } from "../runtime/request-arguments.ts";
import { type Definition, withSystemEvents } from "./catalogue/definitions.ts";
import type { IngestionContext } from "./context.ts";
import { timestampOfMs } from "./event-message.ts";

/** Parameters after which a page ends early: with names of 256 characters at most 20 MB, a gRPC answer may have 64. */
const PAGE_PARAMETERS = 20_000;

/**
 * `EventService.ListEventDefinitions`: what the app has sent and all system events, by name. A page may have fewer
 * than asked for.
 *
 * @throws ConnectError INVALID_ARGUMENT for a page size or token that is none
 */
export function listEventDefinitions({ events }: Pick<IngestionContext, "events">) {
  return async (request: ListEventDefinitionsRequest) => {
    const app = requireApp(request);
    const pageSize = parsePageSize(request.pageSize);
    const filters = [app, "definitions"];
    const afterName = parsePageToken(request.pageToken, filters) ?? "";
    // One more than asked for tells whether there is a next page.
    const limit = pageSize + 1;
    const found = withSystemEvents(await events.listDefinitions({ app, afterName, limit }), { afterName, limit });
    const page = fitting(found.slice(0, pageSize));
    const last = page.at(-1);
    const nextPageToken =
      last === undefined || found.length === page.length ? "" : pageTokenAfter(last.eventName, filters);
    return { eventDefinitions: page.map(definitionMessage), nextPageToken };
  };
}

function definitionMessage(definition: Definition): MessageInitShape<typeof EventDefinitionSchema> {
  const { eventName, system, seen, parameters } = definition;
  return {
    eventName,
    system: system !== undefined,
    category: system?.category ?? "Custom",
    description: system?.description ?? "",
    ...(seen !== undefined && {
      firstSeenTime: timestampOfMs(seen.firstSeenMs),
      lastSeenTime: timestampOfMs(seen.lastSeenMs),
      eventCount: seen.eventCount,
    }),
    parameters: parameters.map(({ name, types, usual }) => ({ name, types: [...types], usual })),
  };
}

/** As many of the definitions as fit into an answer, at least one. */
function fitting(found: readonly Definition[]): Definition[] {
  let parameters = 0;
  const end = found.findIndex((definition, index) => {
    parameters += definition.parameters.length;
    return index > 0 && parameters > PAGE_PARAMETERS;
  });
  return found.slice(0, end === -1 ? found.length : end);
}
