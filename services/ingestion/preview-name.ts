import { closeName } from "../runtime/close-name.ts";
import { SYSTEM_EVENTS, systemEvent } from "./catalogue/system-events.ts";
import type { NewEvent } from "./event.ts";
import type { EventStore } from "./store.ts";

/** Names of an app that a new one is compared with; an app with more of them makes them up as it goes. */
const MOST_NAMES = 2_000;

/** What an event's name says, and what somebody may have meant by it. */
export interface PreviewedName {
  /** Neither a system event's nor sent by the app before. */
  readonly newEventName: boolean;
  /** Empty where no known name is close. */
  readonly similarEventName: string;
  /** What the event lacks of the parameters that a system event usually has. */
  readonly missingUsualParameters: string[];
}

/** Looks an event's name up in the catalogue and among the names that the app has sent. */
export async function previewName(
  events: EventStore,
  { app, eventName, paramsJson }: Pick<NewEvent, "app" | "eventName" | "paramsJson">,
): Promise<PreviewedName> {
  const system = systemEvent(eventName);
  if (system !== undefined) {
    const sent = JSON.parse(paramsJson) as object;
    const missing = system.usualParameters.filter((name) => !Object.hasOwn(sent, name));
    return { newEventName: false, similarEventName: "", missingUsualParameters: missing };
  }
  const systemNames = SYSTEM_EVENTS.map(({ name }) => name);
  const isNew = (await events.list({ app, filter: { eventName }, limit: 1 })).length === 0;
  // A custom name that is in use already is meant as it is, unless it was a slip from the beginning.
  const others = isNew ? await events.listDefinitionNames({ app, afterName: "", limit: MOST_NAMES }) : [];
  const similarEventName = closeName(eventName, [...systemNames, ...others]) ?? "";
  return { newEventName: isNew, similarEventName, missingUsualParameters: [] };
}
