import type { Remains } from "./accepted.ts";
import type { TimedEvent } from "./order.ts";

/** What an app has sent under one name. */
export interface DefinitionView {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Events that are stored. */
  readonly eventCount: number;
}

/** Event definitions discovered from the stream, by name. An erasure takes events, not the name. */
export function definitionsOf(events: readonly TimedEvent[], { eventNames }: Remains): Map<string, DefinitionView> {
  const names = new Set([...events, ...eventNames].map(({ eventName }) => eventName));
  return new Map(
    [...names].map((name) => {
      const stored = events.filter(({ eventName }) => eventName === name);
      const times = [...stored, ...eventNames.filter(({ eventName }) => eventName === name)].map(
        ({ effectiveMs }) => effectiveMs,
      );
      return [name, { firstSeenMs: Math.min(...times), lastSeenMs: Math.max(...times), eventCount: stored.length }];
    }),
  );
}
