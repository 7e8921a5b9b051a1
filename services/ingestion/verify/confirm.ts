import type { AppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { type Finding, isSameFinding, placeOf, type Unit } from "./finding.ts";
import { waitUntilSettled } from "./settled.ts";

/** A unit that keeps changing is told as pending after this many looks. */
const LOOKS = 4;

/** A unit of which something was found, and what was found last. */
export interface Suspect {
  readonly unit: Unit;
  findings: readonly Finding[];
}

/** What is certain of a unit, and what may be explained by effects that are on their way. */
export interface Confirmed {
  readonly unit: Unit;
  readonly differences: readonly Finding[];
  readonly pending: readonly Finding[];
}

/**
 * Tells differences from what was read while it changed: a difference says the same before and after everything
 * outstanding has been applied, and nothing marked as outstanding explains it.
 */
export async function confirm(
  context: IngestionContext,
  suspects: readonly Suspect[],
  { app, signal }: { readonly app: AppKey; readonly signal: AbortSignal },
): Promise<Confirmed[]> {
  const differences = new Map<Suspect, Map<string, Finding>>(suspects.map((suspect) => [suspect, new Map()]));
  const isOpen = (suspect: Suspect) =>
    suspect.findings.some((finding) => differences.get(suspect)?.has(placeOf(finding)) === false);
  for (let look = 1; look < LOOKS; look++) {
    const open = suspects.filter(isOpen);
    if (open.length === 0) break;
    const isSettled = await waitUntilSettled(context, app, signal);
    for (const suspect of open) {
      const before = suspect.findings;
      suspect.findings = await suspect.unit.check();
      for (const finding of suspect.findings) {
        const stands = before.some((earlier) => !earlier.explained && isSameFinding(earlier, finding));
        // What is overdue is certain by itself; it may explain everything else. So is what is not found by what it
        // says, which may have been why nothing settles.
        const isCertain = isSettled || finding.kind === "overdue" || finding.field === "index";
        if (stands && isCertain && !finding.explained) differences.get(suspect)?.set(placeOf(finding), finding);
      }
    }
  }
  return suspects.map((suspect) => {
    const certain = differences.get(suspect) ?? new Map<string, Finding>();
    const pending = suspect.findings.filter((finding) => !certain.has(placeOf(finding)));
    return { unit: suspect.unit, differences: [...certain.values()], pending };
  });
}
