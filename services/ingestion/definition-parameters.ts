import { type DefinitionObservation, maxParameterNameLength, maxParameters, type StoredDefinition } from "./store.ts";

/** One JSON type seen of one parameter. */
export interface ObservedParameter {
  readonly name: string;
  readonly type: string;
}

/** What of an observation a definition can keep: the smallest names, of those that are not too long. */
export function keptParameters({ parameters }: DefinitionObservation): ObservedParameter[] {
  const names = smallestNames([...parameters.keys()].filter((name) => name.length <= maxParameterNameLength));
  return names.flatMap((name) => (parameters.get(name) ?? []).map((type) => ({ name, type })));
}

/** Parameters by name, as a definition tells them: the smallest names, in order, with sorted types. */
export function parameterTypes(observed: readonly ObservedParameter[]): StoredDefinition["parameters"] {
  const types = Map.groupBy(observed, ({ name }) => name);
  return smallestNames([...types.keys()])
    .sort(compareCodePoints)
    .map((name) => ({ name, types: (types.get(name) ?? []).map(({ type }) => type).sort() }));
}

/** The {@link maxParameters} smallest of distinct names. */
export function smallestNames(names: readonly string[]): string[] {
  return names.length <= maxParameters ? [...names] : [...names].sort(compareCodePoints).slice(0, maxParameters);
}

/** By code points, as the stores compare; JavaScript's own order is that of UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
