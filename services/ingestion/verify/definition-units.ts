import type { AppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { keptParameters, parameterTypes } from "../definition-parameters.ts";
import type { StoredEvent } from "../event.ts";
import { observedDefinitions } from "../event-definitions.ts";
import type { DefinitionObservation, EventFilter, KeptDefinition } from "../store.ts";
import { json, type Unit, type UnitPage } from "./finding.ts";

/** Events read at once. */
const PAGE = 500;

/**
 * Every name that events of an app have. What is kept of a name may be more than its events say, because an erasure takes
 * events and leaves what they said of their name.
 */
export async function* definitionPages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  const suspected = new Set<string>();
  for await (const { events, more } of pagesOf(context, app, {})) {
    const observed = observedDefinitions(events);
    const stored = await storedDefinitions(
      context,
      app,
      observed.map(({ eventName }) => eventName),
    );
    const suspects = observed
      .filter((observation) => !isSame(stored.get(observation.eventName), observation))
      .map(({ eventName }) => eventName)
      .filter((eventName) => !suspected.has(eventName));
    for (const eventName of suspects) suspected.add(eventName);
    const units = suspects.map((eventName) => definitionUnit(context, app, eventName));
    // Nobody knows how many events there are.
    yield { units, looked: events.length, share: more ? 0 : 1 };
  }
}

function definitionUnit(context: IngestionContext, app: AppKey, eventName: string): Unit {
  return {
    async check() {
      const actual = (await storedDefinitions(context, app, [eventName])).get(eventName);
      let [expected, withoutPending] = [actual, actual];
      for await (const { events } of pagesOf(context, app, { eventName })) {
        for (const observation of observedDefinitions(events)) expected = widened(expected, observation);
        for (const observation of observedDefinitions(events.filter(({ pending }) => !pending)))
          withoutPending = widened(withoutPending, observation);
      }
      if (json(expected) === json(actual)) return [];
      const explained = json(withoutPending) === json(actual);
      const content = { field: "definition", expected: json(expected), actual: json(actual), explained };
      return [{ kind: "definition", subject: eventName, ...content }];
    },
    async repair() {
      for await (const { events } of pagesOf(context, app, { eventName }))
        await context.events.observeDefinitions(observedDefinitions(events));
    },
  };
}

async function storedDefinitions(
  { events }: IngestionContext,
  app: AppKey,
  names: readonly string[],
): Promise<Map<string, KeptDefinition>> {
  const found = names.length === 0 ? [] : await events.definitionsNamed(app, names);
  return new Map(found.map((definition) => [definition.eventName, definition]));
}

function isSame(stored: KeptDefinition | undefined, observation: DefinitionObservation): boolean {
  return stored !== undefined && json(widened(stored, observation)) === json(stored);
}

/** What is kept of a name once a batch of events with it was seen. */
function widened(kept: KeptDefinition | undefined, observation: DefinitionObservation): KeptDefinition {
  const { eventName, firstSeenMs, lastSeenMs } = observation;
  const types = new Map(
    [
      ...(kept?.parameters ?? []).flatMap(({ name, types }) => types.map((type) => ({ name, type }))),
      ...keptParameters(observation),
    ].map((parameter) => [JSON.stringify(parameter), parameter]),
  );
  return {
    eventName,
    firstSeenMs: Math.min(firstSeenMs, kept?.firstSeenMs ?? firstSeenMs),
    lastSeenMs: Math.max(lastSeenMs, kept?.lastSeenMs ?? lastSeenMs),
    parameters: parameterTypes([...types.values()]),
  };
}

/** Pages of an app's events that fit a filter, with their parameters, latest first. */
async function* pagesOf(
  { events }: IngestionContext,
  app: AppKey,
  filter: EventFilter,
): AsyncGenerator<{ readonly events: readonly StoredEvent[]; readonly more: boolean }> {
  for (let after: StoredEvent | undefined, more = true; more; ) {
    const page: StoredEvent[] = await events.list({ app, filter, after, limit: PAGE });
    more = page.length === PAGE;
    after = page.at(-1);
    yield { events: page, more };
  }
}
