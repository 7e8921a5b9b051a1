import type { FloatingPush } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { StoredEvent } from "../event.ts";
import type { EventFilter } from "../store.ts";

/** Events and pushes read at once. */
const PAGE = 500;
/** Times that all pushes lie between, milliseconds: those of JavaScript's dates. */
const ALL_TIMES = { fromMs: -8.64e15, toMs: 8.64e15 };

/** What of an event decides about devices, attribution and profiles; without its parameters, which may be long. */
export type TimelineEvent = Omit<StoredEvent, "paramsJson" | "contextJson" | "userAgent" | "ip" | "sessionId">;

/** Pages of an app's events that fit a filter, latest first. */
export async function* eventPages(
  { events }: Pick<IngestionContext, "events">,
  app: AppKey,
  filter: EventFilter,
): AsyncGenerator<TimelineEvent[]> {
  let after: StoredEvent | undefined;
  do {
    const page: StoredEvent[] = await events.list({ app, filter, after, limit: PAGE });
    yield page.map(withoutParameters);
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
}

/** Pages of the pushes to the anonymous owner of a device, in order of their sent times. */
export async function* floatingPushPages(
  { pushes }: Pick<IngestionContext, "pushes">,
  app: AppKey,
  deviceKeys: readonly string[],
): AsyncGenerator<FloatingPush[]> {
  let after: { sentTimeMs: number; trackingToken: string } | undefined;
  do {
    const request = { ...parseAppKey(app), deviceKeys: [...deviceKeys], ...ALL_TIMES, limit: PAGE };
    const page = (await pushes.listFloatingPushes(after === undefined ? request : { ...request, after })).pushes;
    yield page;
    const last = page.at(-1);
    after =
      page.length < PAGE || last === undefined
        ? undefined
        : { sentTimeMs: last.sentTimeMs, trackingToken: last.trackingToken };
  } while (after !== undefined);
}

function withoutParameters(event: StoredEvent): TimelineEvent {
  const {
    paramsJson: _params,
    contextJson: _context,
    userAgent: _agent,
    ip: _ip,
    sessionId: _session,
    ...rest
  } = event;
  return rest;
}
