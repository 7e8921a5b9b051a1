import type { StoredEvent } from "./event.ts";
import type { DefinitionObservation } from "./store.ts";

/** What a batch of events tells of the names that its apps use, one entry for each app and name. */
export function observedDefinitions(events: readonly StoredEvent[]): DefinitionObservation[] {
  const merged = new Map<
    string,
    {
      app: StoredEvent["app"];
      eventName: string;
      firstSeenMs: number;
      lastSeenMs: number;
      parameters: Map<string, Set<string>>;
    }
  >();
  for (const { app, eventName, effectiveMs, paramsJson } of events) {
    const key = `${app}/${eventName}`;
    let known = merged.get(key);
    if (known === undefined) {
      known = { app, eventName, firstSeenMs: effectiveMs, lastSeenMs: effectiveMs, parameters: new Map() };
      merged.set(key, known);
    }
    known.firstSeenMs = Math.min(known.firstSeenMs, effectiveMs);
    known.lastSeenMs = Math.max(known.lastSeenMs, effectiveMs);
    for (const [name, value] of Object.entries(JSON.parse(paramsJson) as Record<string, unknown>)) {
      const types = known.parameters.get(name);
      if (types === undefined) known.parameters.set(name, new Set([jsonType(value)]));
      else types.add(jsonType(value));
    }
  }
  return [...merged.values()].map(({ parameters, ...rest }) => ({
    ...rest,
    parameters: new Map([...parameters].map(([name, types]) => [name, [...types]])),
  }));
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
