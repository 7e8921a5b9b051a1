import type { DatabaseSync } from "node:sqlite";
import { type ObservedParameter, parameterTypes } from "./definition-parameters.ts";
import { eventQueries } from "./sqlite-queries.ts";
import { type DefinitionListQuery, type KeptDefinition, maxParameters, type StoredDefinition } from "./store.ts";

export interface DefinitionRow {
  readonly app: string;
  readonly eventName: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly parameters: readonly ObservedParameter[];
}

/** Event definitions: part of the event store's programs. */
export function definitionPrograms(db: DatabaseSync, appIdOf: (app: string) => number) {
  const observe = db.prepare(`INSERT INTO event_definitions (app, event_name, first_seen_ms, last_seen_ms)
    VALUES ($appId, $eventName, $firstSeenMs, $lastSeenMs)
    ON CONFLICT (app, event_name) DO UPDATE
      SET first_seen_ms = min(first_seen_ms, $firstSeenMs), last_seen_ms = max(last_seen_ms, $lastSeenMs)
      WHERE $firstSeenMs < first_seen_ms OR $lastSeenMs > last_seen_ms`);
  const observeParameter = db.prepare(`INSERT INTO event_parameters (app, event_name, parameter, type)
    VALUES ($appId, $eventName, $name, $type) ON CONFLICT DO NOTHING`);
  const parameterBeyond = db.prepare(eventQueries.parameterBeyond);
  const removeParameters = db.prepare(eventQueries.removeParameters);
  const definitions = db.prepare(eventQueries.definitions);
  const parameters = db.prepare(eventQueries.parameters);
  const countByName = db.prepare(eventQueries.countByName);
  const names = db.prepare(eventQueries.definitionNames);
  const named = db.prepare(eventQueries.definitionNamed);

  /** A row of a definition with its parameters. */
  function kept(app: string, row: unknown): KeptDefinition {
    const definition = row as Omit<KeptDefinition, "parameters">;
    const observed = parameters.all({ app, eventName: definition.eventName }) as unknown as ObservedParameter[];
    return { ...definition, parameters: parameterTypes(observed) };
  }

  return {
    writes: {
      observeDefinitions(rows: readonly DefinitionRow[]): void {
        for (const { app, eventName, firstSeenMs, lastSeenMs, parameters } of rows) {
          const appId = appIdOf(app);
          observe.run({ appId, eventName, firstSeenMs, lastSeenMs });
          let added = 0;
          for (const { name, type } of parameters)
            added += Number(observeParameter.run({ appId, eventName, name, type }).changes);
          if (added === 0) continue;
          const beyond = parameterBeyond.get({ appId, eventName, kept: maxParameters });
          if (beyond !== undefined) removeParameters.run({ appId, eventName, name: beyond.name as string });
        }
      },
    },
    reads: {
      definitionNames: ({ app, afterName, limit }: DefinitionListQuery): string[] =>
        names.all({ app, afterName, limit }).map(({ eventName }) => eventName as string),
      definitions: ({ app, afterName, limit }: DefinitionListQuery): StoredDefinition[] =>
        definitions.all({ app, afterName, limit }).map((row) => {
          const definition = kept(app, row);
          const { eventName } = definition;
          return { ...definition, eventCount: Number(countByName.get({ app, eventName })?.events) };
        }),
      definitionsNamed: ({ app, eventNames }: { app: string; eventNames: readonly string[] }): KeptDefinition[] =>
        eventNames.flatMap((eventName) => named.all({ app, eventName }).map((row) => kept(app, row))),
    },
  };
}
