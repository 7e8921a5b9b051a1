import { compareCodePoints } from "../definition-parameters.ts";
import { SYSTEM_EVENT_DATA } from "./system-event-data.ts";

/** An event name that every app has, whether it sends it or not. */
export interface SystemEvent {
  readonly name: string;
  readonly category: string;
  /** One sentence in our words. */
  readonly description: string;
  /** Names of the parameters that such an event usually carries. */
  readonly usualParameters: readonly string[];
}

/** All of them, by name in order of code points. */
export const SYSTEM_EVENTS: readonly SystemEvent[] = Object.entries(SYSTEM_EVENT_DATA)
  .flatMap(([category, rows]) =>
    rows.map(([name, description, parameters]) => {
      return { name, category, description, usualParameters: parameters.split(" ").filter((each) => each !== "") };
    }),
  )
  .sort((a, b) => compareCodePoints(a.name, b.name));

const byName = new Map(SYSTEM_EVENTS.map((event) => [event.name, event]));

/** What is known of a name; undefined for a custom one. */
export function systemEvent(name: string): SystemEvent | undefined {
  return byName.get(name);
}
