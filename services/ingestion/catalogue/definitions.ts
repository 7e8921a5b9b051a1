import { compareCodePoints } from "../definition-parameters.ts";
import type { StoredDefinition } from "../store.ts";
import { SYSTEM_EVENTS, type SystemEvent, systemEvent } from "./system-events.ts";

/** What is known of one event name of an app: from the catalogue, from its events, or from both. */
export interface Definition {
  readonly eventName: string;
  /** Undefined for a custom event. */
  readonly system: SystemEvent | undefined;
  /** Undefined for a system event that the app has never sent. */
  readonly seen: StoredDefinition | undefined;
  /** By name in order of code points: those that were seen, and the usual ones of a system event. */
  readonly parameters: readonly DefinitionParameter[];
}

export interface DefinitionParameter {
  readonly name: string;
  /** JSON types seen; none where the parameter is usual and was never sent. */
  readonly types: readonly string[];
  readonly usual: boolean;
}

export interface MergeOptions {
  /** Only names greater than this in order of code points. */
  readonly afterName: string;
  readonly limit: number;
}

/**
 * The definitions of an app with the system events among them, by name in order of code points.
 *
 * @param stored the first `limit` stored definitions after `afterName`, in the same order
 */
export function withSystemEvents(
  stored: readonly StoredDefinition[],
  { afterName, limit }: MergeOptions,
): Definition[] {
  const seen = new Map(stored.map((definition) => [definition.eventName, definition]));
  const unseen = SYSTEM_EVENTS.filter(({ name }) => !seen.has(name) && compareCodePoints(name, afterName) > 0);
  return [...seen.keys(), ...unseen.map(({ name }) => name)]
    .sort(compareCodePoints)
    .slice(0, limit)
    .map((eventName) => definition(eventName, seen.get(eventName)));
}

function definition(eventName: string, seen: StoredDefinition | undefined): Definition {
  const system = systemEvent(eventName);
  const usual = new Set(system?.usualParameters);
  const types = new Map(seen?.parameters.map((parameter) => [parameter.name, parameter.types]));
  const parameters = [...new Set([...types.keys(), ...usual])]
    .sort(compareCodePoints)
    .map((name) => ({ name, types: types.get(name) ?? [], usual: usual.has(name) }));
  return { eventName, system, seen, parameters };
}
