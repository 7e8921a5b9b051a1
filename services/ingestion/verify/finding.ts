/** Kinds of state that can differ from what was accepted. */
export type FindingKind =
  | "device"
  | "unknown_device"
  | "event"
  | "push"
  | "profile"
  | "journal"
  | "definition"
  | "overdue";

/** One thing that is not as it should be, as it was read once. */
export interface Finding {
  readonly kind: FindingKind;
  /** Device key, fingerprint, tracking token or user. */
  readonly subject: string;
  /** Which part of it. */
  readonly field: string;
  /** JSON; empty for nothing. */
  readonly expected: string;
  /** JSON; empty for nothing. */
  readonly actual: string;
  /** Whether something that is marked as outstanding explains it. */
  readonly explained: boolean;
}

/** What is checked, and mended, as a whole. */
export interface Unit {
  /** Reads everything about it and tells what is not as it should be. */
  check(): Promise<Finding[]>;
  /** Mends what can be mended; may be done any number of times. */
  repair(findings: readonly Finding[]): Promise<void>;
}

/** A page of what one phase of a verification looks at. */
export interface UnitPage {
  readonly units: readonly Unit[];
  /** Things looked at, those without a unit included. */
  readonly looked: number;
  /** Share of the phase that is done after this page, 0 to 1. */
  readonly share: number;
}

/** Whether something is found by what it says. */
export function indexFindings(
  thing: Pick<Finding, "kind" | "subject">,
  { filedAs: actual, shouldBeFiledAs: expected }: { readonly filedAs: string; readonly shouldBeFiledAs: string },
): Finding[] {
  return actual === expected ? [] : [{ ...thing, field: "index", expected, actual, explained: false }];
}

/** A value of a finding; undefined and null are nothing. */
export function json(value: unknown): string {
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** Tells one finding of a unit from the others, whatever it says. */
export function placeOf({ kind, subject, field }: Finding): string {
  return JSON.stringify([kind, subject, field]);
}

/** Whether a finding says the same as one that was made before. */
export function isSameFinding(a: Finding, b: Finding): boolean {
  return placeOf(a) === placeOf(b) && a.expected === b.expected && a.actual === b.actual;
}

/** How far in the order of hex SHA-256 keys one lies, 0 to 1: they are evenly spread. */
export function shareOfKeys(key: string): number {
  return key === "" ? 1 : Number.parseInt(key.slice(0, 8), 16) / 2 ** 32;
}
